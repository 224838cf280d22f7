/** What is announced, by its CloudEvents type; a new one needs its channel in `proto/asyncapi.yaml`. */
export const ANNOUNCEMENT_TYPES = [
  'energy.chat.case.opened.v1',
  'energy.chat.case.assigned.v1',
  'energy.chat.case.transferred.v1',
  'energy.chat.case.released.v1',
  'energy.chat.case.closed.v1',
  'energy.chat.reply.unread.v1',
  'energy.chat.reply.read.v1',
  'energy.chat.case.rated.v1',
] as const;

export type AnnouncementType = (typeof ANNOUNCEMENT_TYPES)[number];

/** The new chat. */
export const CASE_OPENED: AnnouncementType = 'energy.chat.case.opened.v1';

/**
 * An event for other services: CloudEvents 1.0 (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md),
 * never with the text of a message.
 */
export interface Announcement {
  /** `conversation/seq/kind`: the same whenever it is sent again, so that consumers can drop repeats. */
  readonly id: string;
  /** Also the routing key. */
  readonly type: AnnouncementType;
  /** The conversation's id. */
  readonly subject: string;
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
}
