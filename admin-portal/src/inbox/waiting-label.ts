const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A client who waits longer for a word is marked, in milliseconds. */
export const LONG_WAIT_MS = 5 * 60_000;

/** How long somebody has been waiting, in the words of the language: `12s`, `3m`, `1h 5m`, `2d`. Never below zero. */
export function waitingLabel(ms: number, language: string, width: 'narrow' | 'long' = 'narrow'): string {
  const waited = Math.max(0, ms);
  const inUnits = (value: number, unit: 'second' | 'minute' | 'hour' | 'day'): string =>
    new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: width }).format(Math.floor(value));
  if (waited < MINUTE_MS) return inUnits(waited / 1_000, 'second');
  if (waited < HOUR_MS) return inUnits(waited / MINUTE_MS, 'minute');
  if (waited >= DAY_MS) return inUnits(waited / DAY_MS, 'day');
  const minutes = Math.floor((waited % HOUR_MS) / MINUTE_MS);
  const hours = inUnits(waited / HOUR_MS, 'hour');
  return minutes === 0 ? hours : `${hours} ${inUnits(minutes, 'minute')}`;
}
