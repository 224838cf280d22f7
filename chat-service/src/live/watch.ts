import { invalidField } from '../chat-error.js';
import { checkedId } from '../conversation/request-fields.js';
import { isAdmin, type Caller } from '../identity/caller.js';
import { MOST_CURSORS } from '../identity/named-conversations.js';
import type { Hub, WatchStart } from './hub.js';
import type { WatchSink } from './watch-sink.js';

/** Opens a watch: first what was missed, then everything as it happens. */
export class Watch {
  constructor(private readonly hub: Hub) {}

  /** Answers what to call when the client has gone. */
  run(caller: Caller, start: WatchStart, sink: WatchSink): () => void {
    const ids = start.cursors.map(({ conversationId }) => checkedId('cursors.conversation_id', conversationId));
    if (ids.length > MOST_CURSORS) {
      throw invalidField('cursors', `a watch names at most ${MOST_CURSORS} conversations.`);
    }
    if (new Set(ids).size < ids.length) throw invalidField('cursors', 'name each conversation once.');
    if (start.epoch.length > 64) throw invalidField('epoch', 'send the epoch as it was last heard.');
    const { id, role, sessionId, expiresAt } = caller;
    const side = isAdmin(caller) ? 'support' : 'client';
    return this.hub.watch({ personId: id, role, side, sessionId, expiresAt }, start, sink);
  }
}
