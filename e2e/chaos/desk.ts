import { setTimeout as pause } from 'node:timers/promises';
import { type Administrator, isWaiting, shownCase } from './administrator.js';
import type { Random } from './random.js';

/** Rounds under way at once. */
const MOST_ROUNDS = 8;

/** All administrators at work, several at one case on purpose: of what they do at one revision one thing may happen. */
export class Desk {
  private rounds = 0;
  private isOpen = true;
  private working: Promise<void> | undefined;

  constructor(
    private readonly administrators: readonly Administrator[],
    private readonly random: Random,
    /** Rounds a second. */
    private readonly rate: number,
  ) {}

  open(): void {
    this.working = this.work();
  }

  /** Answers when the last round is over. */
  async close(): Promise<void> {
    this.isOpen = false;
    await this.working;
    while (this.rounds > 0) await pause(50);
  }

  private async work(): Promise<void> {
    while (this.isOpen) {
      await pause((1_000 / this.rate) * this.random.between(0.5, 1.5));
      if (this.rounds >= MOST_ROUNDS) continue;
      this.rounds += 1;
      void Promise.allSettled(this.round()).finally(() => (this.rounds -= 1));
    }
  }

  private round(): Promise<unknown>[] {
    const { random } = this;
    const [looking, ...others] = random.shuffled(this.administrators);
    const row = looking === undefined ? undefined : random.pick(looking.open);
    const shown = row === undefined ? undefined : shownCase(row);
    if (looking === undefined || row === undefined || shown === undefined) return [];
    const rivals = random.chance(0.5) ? others.slice(0, 2) : [];
    if (isWaiting(row)) {
      const first = random.chance(0.2)
        ? looking.answer(shown)
        : random.chance(0.15)
          ? looking.close(shown, row.lastSeq)
          : looking.claim(shown);
      return [first, ...rivals.map((rival) => (random.chance(0.8) ? rival.claim(shown) : rival.answer(shown)))];
    }
    const assignee = this.administrators.find(({ personId }) => personId === row.openCase?.assignee?.id) ?? looking;
    const race = rivals.map((rival) =>
      random.chance(0.3)
        ? rival.answer(shown)
        : rival.transfer(shown, random.pick(this.administrators)?.personId ?? ''),
    );
    const draw = random.between(0, 1);
    if (draw < 0.45) return [assignee.answer(shown), assignee.markRead(row), ...race];
    if (draw < 0.65) return [assignee.release(shown), ...race];
    if (draw < 0.9) return [assignee.close(shown, row.lastSeq), ...race];
    return [assignee.transfer(shown, looking.personId), ...race];
  }
}
