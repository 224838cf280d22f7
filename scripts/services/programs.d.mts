/**
 * The first of these programs that this system has, or undefined.
 * @param before folders that go before PATH
 * @param formulae Homebrew's packages whose own folders count
 */
export function findProgram(
  names: readonly string[],
  before?: readonly string[],
  formulae?: readonly string[],
): string | undefined;
