import type { Caller } from '../identity/caller.js';
import type { OwnName } from './own-name.js';
import type { ReceiveMessages } from './receive-messages.js';

/** The first chat's greeting: changes nothing, and says whether the caller receives on this replica already. */
export class JoinFirstChat {
  constructor(
    private readonly ownName: OwnName,
    private readonly receiving: ReceiveMessages,
  ) {}

  /** `error` 1 is no refusal: its clients go on. NOT_YOUR_NAME for another's name. */
  async run(caller: Caller, name: string): Promise<{ error: number; msg: string }> {
    await this.ownName.check(caller, 'name', name);
    return this.receiving.isOpenFor(caller.id)
      ? { error: 1, msg: `${caller.login} is here already.` }
      : { error: 0, msg: `Welcome, ${caller.login}.` };
  }
}
