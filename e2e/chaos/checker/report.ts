import type { Verdict } from './check.js';
import { DEFECTS } from './finding.js';

/** How many findings are printed; the history has them all. */
const MOST_FINDINGS = 40;

/** The table of a verdict, and what was found. */
export function reportOf({ figures, findings }: Verdict): string {
  const head = ['', 'attempted', 'acknowledged', 'recovered', ...DEFECTS];
  const rows = figures.map(({ area, attempted, acknowledged, recovered }) => [
    area,
    ...[attempted, acknowledged, recovered].map((figure) => (figure === undefined ? '' : String(figure))),
    ...DEFECTS.map((defect) => String(findings.filter((one) => one.area === area && one.defect === defect).length)),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const table = [head, ...rows].map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  );
  const found = findings.slice(0, MOST_FINDINGS).map(({ area, defect, text }) => `${defect} (${area}): ${text}`);
  const more = findings.length > MOST_FINDINGS ? [`… and ${findings.length - MOST_FINDINGS} more`] : [];
  return [...table, ...(found.length > 0 ? ['', ...found, ...more] : [])].join('\n');
}
