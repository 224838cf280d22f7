import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Person } from '../identity/caller.js';
import { alma, ben, refusalOf, Thread, vera } from '../testing/thread.js';
import { claim, close, openByAdmin, release, transfer, type SeenCase } from './case-changes.js';

let thread: Thread;
beforeEach(() => {
  thread = new Thread();
});

const claimAs = (admin: Person, seen: SeenCase = thread.seen()) =>
  thread.change((situation) => claim(situation, { seen, admin, requestId: 'claim' }));
const transferAs = (admin: Person, to: Person, seen: SeenCase = thread.seen()) =>
  thread.change((situation) => transfer(situation, { seen, admin, to, requestId: 'transfer' }));
const releaseAs = (admin: Person, seen: SeenCase = thread.seen()) =>
  thread.change((situation) => release(situation, { seen, admin, requestId: 'release' }));
const closeAs = (admin: Person, { seen = thread.seen(), seenSeq = thread.conversation.lastSeq, reason = '' } = {}) =>
  thread.change((situation) => close(situation, { seen, admin, requestId: 'close', seenSeq, reason }));

const won = (winner: Person) => ({
  kind: 'aborted',
  reason: 'CASE_TAKEN',
  facts: { assignee_id: winner.id, assignee_name: winner.displayName },
});
const belongsTo = (assignee: Person) => ({ ...won(assignee), kind: 'failed-precondition', reason: 'CASE_ASSIGNED' });
const changed = { kind: 'aborted', reason: 'CASE_CHANGED' };
const closedAlready = { kind: 'failed-precondition', reason: 'CASE_CLOSED' };

describe('openByAdmin', () => {
  const open = (admin: Person) =>
    thread.change((situation) =>
      openByAdmin(situation, { admin, caseId: 'opened', topic: 'reading', requestId: 'open' }),
    );

  it('opens a case that is assigned to its administrator', () => {
    const { entries, cases } = open(alma);
    expect(entries).toMatchObject([
      {
        caseId: 'opened',
        requestId: 'open',
        author: { side: 'support', id: alma.id },
        content: { kind: 'case_opened' },
      },
    ]);
    expect(thread.openCase()).toMatchObject({ topic: 'reading', status: 'assigned', assignee: { id: alma.id } });
    expect(cases).toMatchObject([{ opened: true, firstAssignedAt: thread.now }]);
  });

  it('refuses a second open case and names the one there is, with whom it is', () => {
    thread.fromClient();
    expect(refusalOf(() => open(alma))).toMatchObject({
      kind: 'failed-precondition',
      reason: 'CASE_OPEN',
      facts: { case_id: thread.openCase().id },
    });
    claimAs(alma);
    expect(refusalOf(() => open(ben))).toMatchObject({
      facts: { case_id: thread.openCase().id, assignee_id: alma.id, assignee_name: alma.displayName },
    });
  });
});

describe('claim', () => {
  it('makes a waiting case the claimant’s', () => {
    thread.fromClient();
    const change = claimAs(alma);
    expect(change).toMatchObject({
      entries: [
        {
          requestId: 'claim',
          author: { side: 'support', id: alma.id },
          content: { kind: 'case_assigned', case: { status: 'assigned', revision: 2, assignee: { id: alma.id } } },
        },
      ],
      cases: [{ opened: false, firstAssignedAt: thread.now }],
    });
    expect(thread.openCase()).toMatchObject({ revision: 2, waitingSince: null, answered: false });
  });

  it('does not move awaiting_since: nobody has answered yet', () => {
    thread.fromClient();
    const { awaitingSince } = thread.conversation;
    claimAs(alma);
    expect(thread.conversation.awaitingSince).toBe(awaitingSince);
  });

  it('succeeds though the client has written meanwhile: messages do not move the revision', () => {
    thread.fromClient();
    const seen = thread.seen();
    for (let count = 0; count < 10; count += 1) thread.fromClient();
    claimAs(alma, seen);
    expect(thread.openCase().assignee?.id).toBe(alma.id);
  });

  it.each([
    ['the same revision', (seen: SeenCase) => seen],
    ['an older revision', (seen: SeenCase) => ({ ...seen, revision: 1 })],
  ])('holds already when it is the claimant’s, asked on %s', (_, asked) => {
    thread.fromClient();
    claimAs(alma);
    expect(claimAs(alma, asked(thread.seen()))).toBeNull();
  });

  it.each([
    ['on the revision before', 1],
    ['on the current revision', 2],
  ])('never takes a case from a colleague, %s, and names the winner', (_, revision) => {
    thread.fromClient();
    claimAs(alma);
    expect(refusalOf(() => claimAs(ben, { ...thread.seen(), revision }))).toMatchObject(won(alma));
  });

  it('is refused on a waiting case that has changed since', () => {
    thread.fromClient();
    const seen = thread.seen();
    claimAs(alma);
    releaseAs(alma);
    expect(refusalOf(() => claimAs(ben, seen))).toMatchObject(changed);
  });

  it.each(['closed', 'followed by another'])('is refused on a case that was %s', (fate) => {
    thread.fromClient();
    const seen = thread.seen();
    closeAs(alma);
    if (fate !== 'closed') thread.fromClient();
    expect(refusalOf(() => claimAs(ben, seen))).toMatchObject(closedAlready);
  });
});

describe('transfer', () => {
  beforeEach(() => {
    thread.fromClient();
    claimAs(alma);
  });

  it.each([
    ['by its assignee', alma, ben],
    ['by any administrator', ben, vera],
    ['to oneself, which takes it over', ben, ben],
  ])('gives an assigned case to another administrator %s', (_, admin, to) => {
    const change = transferAs(admin, to);
    expect(change).toMatchObject({
      entries: [
        {
          requestId: 'transfer',
          author: { id: admin.id },
          content: { kind: 'case_transferred', case: { revision: 3, assignee: { id: to.id } }, from: { id: alma.id } },
        },
      ],
    });
    expect(thread.openCase()).toMatchObject({ status: 'assigned', revision: 3, assignee: { id: to.id } });
  });

  it('holds already when the case is with that administrator, on whatever revision', () => {
    expect(transferAs(ben, alma)).toBeNull();
    expect(transferAs(ben, alma, { ...thread.seen(), revision: 1 })).toBeNull();
  });

  it('of two who take over at once the second loses to the first', () => {
    const seen = thread.seen();
    transferAs(ben, ben, seen);
    expect(refusalOf(() => transferAs(vera, vera, seen))).toMatchObject(won(ben));
  });

  it('is refused on an older revision of one’s own case', () => {
    expect(refusalOf(() => transferAs(alma, ben, { ...thread.seen(), revision: 1 }))).toMatchObject(changed);
  });

  it('is refused while the case waits', () => {
    releaseAs(alma);
    expect(refusalOf(() => transferAs(ben, ben))).toMatchObject({ reason: 'CASE_WAITING' });
  });

  it('is refused on a closed case', () => {
    const seen = thread.seen();
    closeAs(alma);
    expect(refusalOf(() => transferAs(alma, ben, seen))).toMatchObject(closedAlready);
  });
});

describe('release', () => {
  beforeEach(() => {
    thread.fromClient();
    claimAs(alma);
  });

  it.each([
    ['its assignee', alma],
    ['a supervisor', vera],
  ])('puts the case back to waiting by %s, and the client keeps its place', (_, admin) => {
    const { awaitingSince } = thread.conversation;
    const change = releaseAs(admin);
    expect(change).toMatchObject({
      entries: [{ content: { kind: 'case_released', case: { revision: 3, assignee: null }, from: { id: alma.id } } }],
    });
    expect(thread.openCase()).toMatchObject({ status: 'waiting', assignee: null, waitingSince: thread.now });
    expect(thread.conversation.awaitingSince).toBe(awaitingSince);
  });

  it('is refused to a colleague', () => {
    expect(refusalOf(() => releaseAs(ben))).toMatchObject(belongsTo(alma));
  });

  it('holds already while the case waits, on whatever revision', () => {
    releaseAs(alma);
    expect(releaseAs(alma, { ...thread.seen(), revision: 1 })).toBeNull();
    expect(releaseAs(ben)).toBeNull();
  });

  it('is refused to an assignee who lost the case meanwhile, with the winner', () => {
    const seen = thread.seen();
    transferAs(ben, ben);
    expect(refusalOf(() => releaseAs(alma, seen))).toMatchObject(won(ben));
  });

  it('is refused on a closed case', () => {
    const seen = thread.seen();
    closeAs(alma);
    expect(refusalOf(() => releaseAs(alma, seen))).toMatchObject(closedAlready);
  });
});

describe('close', () => {
  beforeEach(() => {
    thread.fromClient();
  });

  it.each(['waiting', 'assigned'])('ends a case that was %s: read, and nobody waits for a word', (status) => {
    if (status === 'assigned') claimAs(alma);
    const { id, revision } = thread.openCase();
    const seenSeq = thread.conversation.lastSeq;
    const change = closeAs(alma, { reason: 'Solved' });
    expect(change).toMatchObject({
      entries: [
        {
          seq: seenSeq + 1,
          caseId: id,
          requestId: 'close',
          content: { kind: 'case_closed', reason: 'Solved', case: { status: 'closed', revision: revision + 1 } },
        },
      ],
      cases: [{ closedAt: thread.now, closedBy: alma.id, closeReason: 'Solved' }],
    });
    expect(thread.conversation).toMatchObject({
      openCase: null,
      awaitingSince: null,
      progress: { support: { delivered: seenSeq, read: seenSeq, unread: 0 } },
    });
  });

  it('is refused when the client wrote what its administrator has not seen', () => {
    claimAs(alma);
    const seenSeq = thread.conversation.lastSeq;
    thread.fromClient('One more thing');
    expect(refusalOf(() => closeAs(alma, { seenSeq }))).toMatchObject({
      kind: 'failed-precondition',
      reason: 'UNSEEN_MESSAGE',
    });
    expect(closeAs(alma)).toMatchObject({ conversation: { openCase: null } });
  });

  it('is not hindered by what support wrote beyond what the page showed', () => {
    claimAs(alma);
    const seenSeq = thread.conversation.lastSeq;
    thread.fromAdmin(alma, 'Written on my other page');
    closeAs(alma, { seenSeq });
    expect(thread.conversation.progress.support).toMatchObject({ read: seenSeq, unread: 0 });
  });

  it('never moves the read cursor back, nor past the head', () => {
    thread.fromAdmin(alma);
    thread.change(({ conversation }) => ({
      conversation: {
        ...conversation,
        progress: { ...conversation.progress, support: { delivered: 4, read: 4, unread: 0 } },
      },
      entries: [],
      cases: [],
      messages: [],
    }));
    closeAs(alma, { seenSeq: 2 });
    expect(thread.conversation.progress.support).toMatchObject({ delivered: 4, read: 4 });

    thread.fromClient();
    const head = thread.conversation.lastSeq;
    closeAs(alma, { seenSeq: 4_000_000_000 });
    expect(thread.conversation.progress.support).toMatchObject({ delivered: head, read: head });
  });

  it('is refused to a colleague of the assignee', () => {
    claimAs(alma);
    expect(refusalOf(() => closeAs(ben))).toMatchObject(belongsTo(alma));
  });

  it('loses to a colleague who claimed meanwhile, with the winner', () => {
    const seen = thread.seen();
    claimAs(alma);
    expect(refusalOf(() => closeAs(ben, { seen }))).toMatchObject(won(alma));
  });

  it('is refused on a revision that has passed', () => {
    const seen = thread.seen();
    claimAs(alma);
    expect(refusalOf(() => closeAs(alma, { seen }))).toMatchObject(changed);
  });

  it('is refused on a case that is closed already', () => {
    const seen = thread.seen();
    closeAs(alma);
    expect(refusalOf(() => closeAs(alma, { seen }))).toMatchObject(closedAlready);
  });
});
