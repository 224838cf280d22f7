import type { Person } from '../identity/caller.js';
import type { Inbox, InboxCounts } from './inbox.port.js';

/** How many conversations each list of the inbox has, counted to 1,000 and no further. */
export class GetCounts {
  constructor(private readonly inbox: Inbox) {}

  run(admin: Person): Promise<InboxCounts> {
    return this.inbox.counts(admin.id);
  }
}
