import { describe, expect, it } from '@jest/globals';
import { newConversation, type Conversation } from '../conversation/conversation.js';
import { violations } from '../testing/announcement-contract.js';
import { cloudEventOf } from './cloud-event.js';
import { replyAnnouncements } from './reply-announcements.js';

const NOW = 1_795_000_000_123_456;
const conversation: Conversation = {
  ...newConversation('conversation-1', { id: '42', login: 'mara', displayName: 'Mara Lindqvist' }),
  preview: 'your meter reads nothing',
  progress: {
    client: { delivered: 0, read: 0, unread: 2 },
    support: { delivered: 0, read: 0, unread: 0 },
  },
  openCase: {
    id: 'case-1',
    number: 3,
    topic: 'bill',
    status: 'assigned',
    assignee: { id: '7', displayName: 'Jonas' },
    revision: 2,
    openedAt: 1_795_000_000_000_007,
    waitingSince: null,
    answered: true,
  },
};
const withRun = (unreadRun: Conversation['unreadRun']): Conversation => ({ ...conversation, unreadRun });
const settings = { clientPortalUrl: 'https://my.example/' };
const begun = withRun({ since: 1_794_999_000_000_000, announcedSeq: null });
const announced = withRun({ since: 1_794_999_000_000_000, announcedSeq: 12 });
const over = withRun(null);

describe('announcements of unread replies', () => {
  it('tell who has not read how much since when, and where they may', () => {
    expect(replyAnnouncements(begun, announced, NOW, settings)).toEqual([
      {
        conversationId: 'conversation-1',
        seq: 12,
        kind: 'reply_unread',
        createdAt: NOW,
        announcement: {
          id: 'conversation-1/12/reply_unread',
          type: 'energy.chat.reply.unread.v1',
          subject: 'conversation-1',
          time: '2026-11-18T11:06:40.123456Z',
          data: {
            conversation_id: 'conversation-1',
            case: {
              id: 'case-1',
              number: 3,
              revision: 2,
              topic: 'bill',
              status: 'assigned',
              assignee: { id: '7', display_name: 'Jonas' },
            },
            client: { id: '42', login: 'mara', display_name: 'Mara Lindqvist' },
            unread_seq: 12,
            unread_since: '2026-11-18T10:50:00.000000Z',
            counts: { client_unread: 2 },
            link: 'https://my.example/',
          },
        },
      },
    ]);
  });

  it('say of the same run that it was read', () => {
    const [row, ...others] = replyAnnouncements(announced, over, NOW, settings);
    expect(others).toEqual([]);
    expect(row).toMatchObject({ seq: 12, kind: 'reply_read', announcement: { type: 'energy.chat.reply.read.v1' } });
    expect(row?.announcement.data).toMatchObject({ unread_seq: 12, client: { id: '42' } });
  });

  it('say nothing of a run that begins, goes on, or ends before it was announced', () => {
    for (const [before, after] of [
      [over, begun],
      [begun, begun],
      [announced, announced],
      [begun, over],
      [over, over],
    ] as const) {
      expect(replyAnnouncements(before, after, NOW, settings)).toEqual([]);
    }
  });

  it('are as proto/asyncapi.yaml says, with and without a case and a link, and never hold a text', () => {
    for (const clientPortalUrl of ['', settings.clientPortalUrl]) {
      for (const openCase of [null, conversation.openCase]) {
        const rows = [
          ...replyAnnouncements(begun, { ...announced, openCase }, NOW, { clientPortalUrl }),
          ...replyAnnouncements(announced, { ...over, openCase }, NOW, { clientPortalUrl }),
        ];
        expect(rows).toHaveLength(2);
        for (const { announcement } of rows) {
          const event: unknown = JSON.parse(JSON.stringify(cloudEventOf(announcement)));
          expect(violations(announcement.type, event)).toEqual([]);
          expect(JSON.stringify(event)).not.toContain('meter');
        }
      }
    }
  });
});
