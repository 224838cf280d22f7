import { setTimeout as delay } from 'node:timers/promises';

/** Refused sign-ins leave on a multiple of this after they came, in milliseconds, so that time tells no cause. */
const STEP = 500;

/** Holds a refusal back until its step. Both functions are replaced in tests only. */
export class RefusalStep {
  constructor(
    /** Milliseconds of a clock that never goes back. */
    readonly now: () => number = () => performance.now(),
    private readonly wait: (milliseconds: number) => Promise<unknown> = delay,
  ) {}

  /** Resolves on the first step after `arrival`, a value of `now`, that is not yet over. */
  async since(arrival: number): Promise<void> {
    const passed = this.now() - arrival;
    const step = Math.max(1, Math.ceil(passed / STEP)) * STEP;
    await this.wait(step - passed);
  }
}
