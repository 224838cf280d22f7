import { ChatError } from '../chat-error.js';
import type { NoticeProgress, Notices } from './notices.port.js';

/** How far a notice has come, for its source. */
export class GetNotice {
  constructor(private readonly notices: Notices) {}

  /** Throws NOTICE_NOT_FOUND. */
  async run(source: string, eventId: string): Promise<NoticeProgress> {
    const progress = await this.notices.progress(source, eventId);
    if (progress !== undefined) return progress;
    const text = 'This source has published no notice by this event id; one to a single recipient is none.';
    throw new ChatError('not-found', 'NOTICE_NOT_FOUND', text);
  }
}
