/** Stands in every text of these tests, so that they can look for texts where none may be. */
export const MARK = 'whispered';

/** The text of a message. */
export function words(text: string): string {
  return `${MARK}: ${text}`;
}

/** 1, 2, 3 … n */
export function oneTo(n: number): number[] {
  return Array.from({ length: n }, (_, index) => index + 1);
}
