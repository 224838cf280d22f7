import { pino, type Logger } from 'pino';

/** A log whose lines a test can read, as they would be written. */
export function memoryLog(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  return { log: pino({ level: 'trace' }, { write: (line: string) => lines.push(line) }), lines };
}
