const TROUBLE = new Set(['warn', 'error', 'fatal']);

/**
 * A line of the service's log for a person at a terminal.
 * @param {string} line
 * @returns {{ text: string, isTrouble: boolean }}
 */
export function readable(line) {
  try {
    const record = JSON.parse(line);
    if (typeof record.level !== 'string') return { text: line, isTrouble: false };
    const stack = record.err?.stack ?? record.err?.message ?? '';
    const text = `${record.level}: ${record.msg ?? ''}${stack === '' ? '' : `\n${stack}`}`;
    return { text, isTrouble: TROUBLE.has(record.level) };
  } catch {
    // Not a record: something printed past the logger.
    return { text: line, isTrouble: false };
  }
}
