/** Something that a person can mend: its text says what is wrong and the cure, so no stack is shown. */
export class Failure extends Error {
  name = 'Failure';

  /**
   * @param {string} text
   * @param {string} [output] the useful part of what the failed program printed
   */
  constructor(text, output = '') {
    super(text);
    this.output = output;
  }
}

/** Prints an error that ended a command. @param {unknown} error */
export function printFailure(error) {
  if (error instanceof Failure) {
    if (error.output.trim() !== '') console.error(`\n${error.output.trim()}`);
    console.error(`\n${error.message}`);
  } else {
    console.error(error);
  }
}
