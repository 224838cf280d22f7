import { describe, expect, it } from '@jest/globals';
import { countsAsUnread, previewOf, viewFor, type Author, type Entry, type EntryContent } from './entry.js';

const client: Author = { side: 'client', id: 'client-1', displayName: 'Mira Lang' };
const support: Author = { side: 'support', id: 'admin-1', displayName: 'Alma Berg' };
const system: Author = { side: 'system', id: 'system:billing', displayName: 'Billing' };
const message: EntryContent = { kind: 'message', text: 'Hello', editedAt: null, removedAt: null };
const closed: EntryContent = {
  kind: 'case_closed',
  reason: 'A quarrel with the neighbour',
  case: {
    id: 'case-1',
    number: 1,
    topic: 'bill',
    status: 'closed',
    assignee: null,
    revision: 3,
    openedAt: 5,
    waitingSince: null,
  },
};

function entry(author: Author, content: EntryContent): Entry {
  return { conversationId: 'c', seq: 1, caseId: null, createdAt: 7, author, requestId: 'r', content };
}

describe('countsAsUnread', () => {
  const notice: EntryContent = { kind: 'system_message', text: 'Maintenance', severity: 'info', link: '' };
  it.each([
    ['a client message', client, message, { client: false, support: true }],
    ['a support message', support, message, { client: true, support: false }],
    ['a removed client message', client, { ...message, removedAt: 9 }, { client: false, support: false }],
    ['a removed support message', support, { ...message, removedAt: 9 }, { client: false, support: false }],
    ['a system message', system, notice, { client: true, support: false }],
    [
      'a rating',
      client,
      { ...closed, kind: 'case_rated', rating: 1, comment: 'No' },
      { client: false, support: false },
    ],
    ['a case change', support, closed, { client: false, support: false }],
  ] as const)('counts %s for the side it is for', (_, author, content, counts) => {
    const written = entry(author, content);
    expect({ client: countsAsUnread('client', written), support: countsAsUnread('support', written) }).toEqual(counts);
  });
});

describe('viewFor', () => {
  it('hides from a client why an administrator closed the case, and nothing else', () => {
    const written = entry(support, closed);
    expect(viewFor('client', written)).toEqual({ ...written, content: { ...closed, reason: '' } });
  });

  it('shows administrators the reason', () => {
    const written = entry(support, closed);
    expect(viewFor('support', written)).toEqual(written);
  });

  it('shows messages to both sides as they are', () => {
    const written = entry(client, message);
    expect(viewFor('client', written)).toEqual(written);
    expect(viewFor('support', written)).toEqual(written);
  });
});

describe('previewOf', () => {
  it('is the text on one line', () => {
    expect(previewOf('  My bill\n\n is\ttoo high ')).toBe('My bill is too high');
  });

  it('keeps 120 characters whole and cuts the 121st with an ellipsis', () => {
    expect(previewOf('x'.repeat(120))).toBe('x'.repeat(120));
    expect(previewOf('x'.repeat(121))).toBe(`${'x'.repeat(119)}…`);
    expect(previewOf('x'.repeat(4_000))).toBe(`${'x'.repeat(119)}…`);
  });

  it('never cuts through a character', () => {
    const preview = previewOf('😀'.repeat(2_000));
    expect(preview).toBe(`${'😀'.repeat(119)}…`);
    expect(previewOf('😀'.repeat(120))).toBe('😀'.repeat(120));
    expect(previewOf(`x${'😀'.repeat(2_000)}`).isWellFormed()).toBe(true);
  });
});
