/** Pino's levels. */
const WARNING = 40;
const NAMES = new Map([
  [10, 'trace'],
  [20, 'debug'],
  [30, 'info'],
  [40, 'warning'],
  [50, 'error'],
  [60, 'fatal'],
]);

/**
 * A line of the service's log for a person at a terminal.
 * @param {string} line
 * @returns {{ text: string, isTrouble: boolean }}
 */
export function readable(line) {
  try {
    const record = JSON.parse(line);
    if (typeof record.level !== 'number') return { text: line, isTrouble: false };
    const stack = record.err?.stack ?? record.err?.message ?? '';
    const text = `${NAMES.get(record.level) ?? record.level}: ${record.msg ?? ''}${stack === '' ? '' : `\n${stack}`}`;
    return { text, isTrouble: record.level >= WARNING };
  } catch {
    // Not a record: something printed past the logger.
    return { text: line, isTrouble: false };
  }
}
