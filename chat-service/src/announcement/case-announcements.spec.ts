import { describe, expect, it } from '@jest/globals';
import { newConversation, type Conversation } from '../conversation/conversation.js';
import type { Entry, EntryContent } from '../conversation/entry.js';
import type { CaseView } from '../conversation/support-case.js';
import { announcementContract, violations } from '../testing/announcement-contract.js';
import { ANNOUNCEMENT_TYPES } from './announcement.js';
import { announcementsFor } from './case-announcements.js';
import { CLOUD_EVENT_MEDIA_TYPE, cloudEventOf } from './cloud-event.js';

const client = { id: '42', login: 'mara', displayName: 'Mara Lindqvist' };
const conversation: Conversation = {
  ...newConversation('conversation-1', client),
  preview: 'my meter reads nothing',
  progress: {
    client: { delivered: 0, read: 0, unread: 0 },
    support: { delivered: 3, read: 1, unread: 2 },
  },
};
const waiting: CaseView = {
  id: 'case-1',
  number: 3,
  topic: 'bill',
  status: 'waiting',
  assignee: null,
  revision: 1,
  openedAt: 1_795_000_000_000_007,
  waitingSince: 1_795_000_000_000_007,
};
const jonas = { id: '7', displayName: 'Jonas' };
const nadia = { id: '8', displayName: 'Nadia' };
const assigned: CaseView = { ...waiting, status: 'assigned', assignee: jonas, revision: 2, waitingSince: null };

const contents: EntryContent[] = [
  { kind: 'case_opened', case: waiting },
  { kind: 'case_assigned', case: assigned },
  { kind: 'case_transferred', case: { ...assigned, assignee: nadia, revision: 3 }, from: jonas },
  { kind: 'case_released', case: { ...waiting, revision: 3 }, from: jonas },
  { kind: 'case_closed', case: { ...assigned, status: 'closed', revision: 3 }, reason: 'a private remark' },
  { kind: 'case_rated', case: { ...waiting, status: 'closed', revision: 3 }, rating: 2, comment: 'a word in private' },
];

const entryOf = (content: EntryContent): Entry => ({
  conversationId: 'conversation-1',
  seq: 12,
  caseId: 'case-1',
  createdAt: 1_795_000_000_123_456,
  author: { side: 'client', id: '42', displayName: 'Mara Lindqvist' },
  requestId: null,
  content,
});
const settings = { adminPortalUrl: 'https://support.example/portal/' };
const only = <T>(list: readonly T[]): T => {
  const [first] = list;
  if (first === undefined || list.length !== 1) throw new Error(`Expected one, got ${list.length}`);
  return first;
};
const rowOf = (content: EntryContent) => only(announcementsFor(conversation, entryOf(content), settings));

describe('announcements of case changes', () => {
  it('tells of a new chat who the client is, and where to answer', () => {
    const row = rowOf({ kind: 'case_opened', case: waiting });
    expect(row).toEqual({
      conversationId: 'conversation-1',
      seq: 12,
      kind: 'case_opened',
      createdAt: 1_795_000_000_123_456,
      announcement: {
        id: 'conversation-1/12/case_opened',
        type: 'energy.chat.case.opened.v1',
        subject: 'conversation-1',
        time: '2026-11-18T11:06:40.123456Z',
        data: {
          conversation_id: 'conversation-1',
          case: { id: 'case-1', number: 3, revision: 1, topic: 'bill', status: 'waiting', assignee: null },
          client: { id: '42', login: 'mara', display_name: 'Mara Lindqvist' },
          opened_by: { side: 'client', id: '42', display_name: 'Mara Lindqvist' },
          opened_time: '2026-11-18T11:06:40.000007Z',
          counts: { support_unread: 2 },
          link: 'https://support.example/portal/conversations/conversation-1',
        },
      },
    });
  });

  it('says who had a case that was handed over, and who has it now', () => {
    const { data } = rowOf(contents[2] ?? { kind: 'case_opened', case: waiting }).announcement;
    expect(data).toMatchObject({
      case: { assignee: { id: '8', display_name: 'Nadia' } },
      previous_assignee: { id: '7', display_name: 'Jonas' },
      changed_by: { id: '42' },
    });
  });

  it('says how a case was rated', () => {
    const { data } = rowOf(contents[5] ?? { kind: 'case_opened', case: waiting }).announcement;
    expect(data).toMatchObject({ rating: 2, case: { id: 'case-1', status: 'closed' }, changed_by: { side: 'client' } });
  });

  it('makes one announcement of each case change, all of different types and all types of the contract', () => {
    const types = contents.map((content) => rowOf(content).announcement.type);
    expect(types).toEqual(ANNOUNCEMENT_TYPES.filter((type) => type.startsWith('energy.chat.case.')));
  });

  it.each(contents)('publishes $kind as proto/asyncapi.yaml says, with and without a link', (content) => {
    for (const adminPortalUrl of ['', settings.adminPortalUrl]) {
      const { announcement } = only(announcementsFor(conversation, entryOf(content), { adminPortalUrl }));
      const event: unknown = JSON.parse(JSON.stringify(cloudEventOf(announcement)));
      expect(violations(announcement.type, event)).toEqual([]);
    }
  });

  it('never tells why a case was closed, nor what anybody wrote, also in a rating', () => {
    const published = contents.map((content) => JSON.stringify(cloudEventOf(rowOf(content).announcement))).join();
    expect(published).not.toContain('a private remark');
    expect(published).not.toContain('meter');
    expect(published).not.toContain('a word in private');
  });

  it('announces no messages', () => {
    const message: EntryContent = { kind: 'message', text: 'hello', editedAt: null, removedAt: null };
    expect(announcementsFor(conversation, entryOf(message), settings)).toEqual([]);
    const notice: EntryContent = { kind: 'system_message', text: 'an outage', severity: 'info', link: '' };
    expect(announcementsFor(conversation, entryOf(notice), settings)).toEqual([]);
  });
});

describe('the published contract', () => {
  const opened = cloudEventOf(rowOf({ kind: 'case_opened', case: waiting }).announcement);

  it('refuses an event with more than it promises, with less, and under another type', () => {
    const { data, ...envelope } = opened;
    expect(violations('energy.chat.case.opened.v1', { ...opened, text: 'hello' })).not.toEqual([]);
    expect(
      violations('energy.chat.case.opened.v1', {
        ...envelope,
        data: { ...Object.fromEntries(Object.entries(data ?? {})), text: 'hello' },
      }),
    ).not.toEqual([]);
    expect(violations('energy.chat.case.opened.v1', envelope)).not.toEqual([]);
    expect(violations('energy.chat.case.closed.v1', opened)).not.toEqual([]);
  });

  it('names the routing key of every type and the media type that is sent', () => {
    const { newChats, systemMessages: _in, ...events } = announcementContract.channels;
    const { systemMessage: _taken, ...announced } = announcementContract.components.messages;
    const messages = Object.values(announced);
    expect(messages.map(({ name }) => name)).toEqual([...ANNOUNCEMENT_TYPES]);
    expect(Object.values(events).map(({ address }) => address)).toEqual([...ANNOUNCEMENT_TYPES]);
    expect(newChats?.messages).toEqual(events['caseOpened']?.messages);
    for (const { contentType } of messages) {
      expect(contentType).toBe(CLOUD_EVENT_MEDIA_TYPE);
    }
  });
});
