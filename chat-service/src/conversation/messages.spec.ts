import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Person } from '../identity/caller.js';
import { alma, ben, mira, refusalOf, Thread } from '../testing/thread.js';
import { close, transfer, type SeenCase } from './case-changes.js';
import { sendAsAdmin, sendAsClient } from './messages.js';

let thread: Thread;
beforeEach(() => {
  thread = new Thread();
});

function closeCase(by: Person): void {
  thread.change((situation) =>
    close(situation, { seen: thread.seen(), admin: by, requestId: 'closing', seenSeq: 1_000, reason: '' }),
  );
}

describe("a client's message", () => {
  const send = () =>
    thread.change((situation) =>
      sendAsClient(situation, { author: mira, text: 'Hi', requestId: 'r', newCaseId: 'new', topic: 'outage' }),
    );

  it('opens a waiting case when there is none, and stands in it', () => {
    const { entries, cases, conversation } = send();
    expect(entries).toMatchObject([
      {
        seq: 1,
        caseId: 'new',
        requestId: null,
        author: { side: 'client', id: mira.id },
        content: { kind: 'case_opened' },
      },
      { seq: 2, caseId: 'new', requestId: 'r', content: { kind: 'message', text: 'Hi' } },
    ]);
    expect(conversation.openCase).toMatchObject({
      id: 'new',
      number: 1,
      topic: 'outage',
      status: 'waiting',
      assignee: null,
      revision: 1,
      waitingSince: thread.now,
      answered: false,
    });
    expect(cases).toMatchObject([{ opened: true, firstAssignedAt: null, view: { status: 'waiting' } }]);
  });

  it('goes into the open case and leaves its revision and topic alone', () => {
    thread.fromClient();
    const before = thread.openCase();
    const { entries, cases } = send();
    expect(entries).toMatchObject([{ caseId: before.id, requestId: 'r' }]);
    expect(cases).toEqual([]);
    expect(thread.openCase()).toEqual(before);
  });

  it('opens the next case, by number, after the last was closed', () => {
    thread.fromClient();
    closeCase(alma);
    send();
    expect(thread.openCase()).toMatchObject({ number: 2, status: 'waiting', revision: 1 });
    expect(thread.kinds().slice(-2)).toEqual(['case_opened', 'message']);
  });
});

describe("an administrator's message", () => {
  const send = (author: Person, seen: SeenCase | null) =>
    thread.change((situation) =>
      sendAsAdmin(situation, { author, text: 'Hi', requestId: 'r', newCaseId: 'new', topic: 'bill', seen }),
    );

  it('opens a case assigned to its sender when there is none, in one change with the message', () => {
    const { entries, cases } = send(alma, null);
    expect(entries).toMatchObject([
      { requestId: null, author: { side: 'support', id: alma.id }, content: { kind: 'case_opened' } },
      { requestId: 'r', caseId: 'new', content: { kind: 'message' } },
    ]);
    expect(thread.openCase()).toMatchObject({
      status: 'assigned',
      assignee: { id: alma.id, displayName: alma.displayName },
      waitingSince: null,
      answered: true,
    });
    expect(cases).toMatchObject([
      { opened: true, firstAssignedAt: thread.now },
      { opened: false, firstAnsweredAt: thread.now },
    ]);
  });

  it('opens a case though its page still shows one that was closed meanwhile', () => {
    thread.fromClient();
    const seen = thread.seen();
    closeCase(alma);
    send(ben, seen);
    expect(thread.openCase()).toMatchObject({ number: 2, assignee: { id: ben.id } });
  });

  it.each([
    ['that its page showed', () => thread.seen()],
    ['that its page did not show yet', () => null],
    ['that its page showed at an older revision', () => ({ ...thread.seen(), revision: 0 })],
  ])('claims the waiting case %s and writes, in one change', (_, seen) => {
    thread.fromClient();
    const { entries, cases } = send(alma, seen());
    expect(entries).toMatchObject([
      { requestId: null, content: { kind: 'case_assigned', case: { revision: 2, assignee: { id: alma.id } } } },
      { requestId: 'r', content: { kind: 'message' } },
    ]);
    expect(thread.openCase()).toMatchObject({ status: 'assigned', revision: 2, waitingSince: null, answered: true });
    expect(cases).toMatchObject([{ firstAssignedAt: thread.now }, { firstAnsweredAt: thread.now }]);
  });

  it.each([
    ['the page is right', () => thread.seen()],
    ['the page is behind', () => null],
  ])("writes in the sender's own case when %s", (_, seen) => {
    thread.fromClient();
    thread.fromAdmin(alma);
    const before = thread.openCase();
    const { entries, cases } = send(alma, seen());
    expect(entries).toMatchObject([{ caseId: before.id, requestId: 'r', content: { kind: 'message' } }]);
    expect(cases).toEqual([]);
    expect(thread.openCase()).toEqual(before);
  });

  it('is refused with the assignee when the page showed that the case is with a colleague', () => {
    thread.fromClient();
    thread.fromAdmin(alma);
    expect(refusalOf(() => send(ben, thread.seen()))).toMatchObject({
      kind: 'failed-precondition',
      reason: 'CASE_ASSIGNED',
      facts: { assignee_id: alma.id, assignee_name: alma.displayName },
    });
  });

  it.each([
    ['showed it still waiting', () => ({ ...thread.seen(), revision: 1 })],
    ['showed another case', () => ({ caseId: 'older', revision: 2 })],
    ['showed no case', () => null],
  ])('loses to the colleague who was quicker when the page %s', (_, seen) => {
    thread.fromClient();
    thread.fromAdmin(alma);
    expect(refusalOf(() => send(ben, seen()))).toMatchObject({
      kind: 'aborted',
      reason: 'CASE_TAKEN',
      facts: { assignee_id: alma.id, assignee_name: alma.displayName },
    });
  });

  it('answers for the first time once, and again in the next case', () => {
    thread.fromClient();
    thread.fromAdmin(alma);
    thread.fromAdmin(alma);
    expect(thread.cases.filter(({ firstAnsweredAt }) => firstAnsweredAt !== null)).toHaveLength(1);
    thread.change((situation) => transfer(situation, { seen: thread.seen(), admin: ben, requestId: 't', to: ben }));
    thread.fromAdmin(ben);
    expect(thread.cases.filter(({ firstAnsweredAt }) => firstAnsweredAt !== null)).toHaveLength(1);
    closeCase(ben);
    thread.fromAdmin(ben);
    expect(thread.cases.filter(({ firstAnsweredAt }) => firstAnsweredAt !== null)).toHaveLength(2);
  });
});
