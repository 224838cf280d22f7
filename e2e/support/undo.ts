/** What has to be undone in the end, whatever happens before: the last thing first. */
export class Undo {
  private readonly steps: (() => Promise<unknown>)[] = [];

  later(step: () => Promise<unknown>): void {
    this.steps.push(step);
  }

  async all(): Promise<void> {
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) await step();
  }
}
