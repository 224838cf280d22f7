import type { Person } from '../identity/caller.js';
import { rateCase } from './case-rating.js';
import type { ConversationLog } from './conversation-log.port.js';
import type { Entry } from './entry.js';
import { authorOf } from './messages.js';
import { checkedComment, checkedId, checkedRating } from './request-fields.js';

/** The client rates a closed case, once per case and request id. Null: it was rated so already. */
export class RateCase {
  constructor(private readonly log: ConversationLog) {}

  async run(
    client: Person,
    request: { conversationId: string; requestId: string; caseId: string; rating: number; comment: string },
  ): Promise<Entry | null> {
    const conversationId = checkedId('conversation_id', request.conversationId);
    const requestId = checkedId('request_id', request.requestId);
    const caseId = checkedId('case_id', request.caseId);
    const rating = { stars: checkedRating(request.rating), comment: checkedComment(request.comment) };
    const { entry } = await this.log.change({
      conversationId,
      authorId: client.id,
      requestId,
      kind: 'case_rated',
      bytes: 1_024 + 3 * rating.comment.length,
      counts: null,
      caseId,
      decide: (situation) => rateCase(situation, { author: authorOf(client), requestId, rating }),
    });
    return entry;
  }
}
