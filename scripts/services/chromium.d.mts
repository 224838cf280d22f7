/** A program and, for people, where it comes from. */
export interface ChromiumProgram {
  readonly program: string;
  readonly source: string;
}

/** From the first source that works: TEST_CHROMIUM, PATH or an installed Chrome, Debian's package. Fails with the cure. */
export function provideChromium(say?: (text: string) => void): Promise<ChromiumProgram>;
