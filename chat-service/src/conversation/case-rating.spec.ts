import { beforeEach, describe, expect, it } from '@jest/globals';
import { alma, mira, refusalOf, Thread } from '../testing/thread.js';
import { close } from './case-changes.js';
import { rateCase } from './case-rating.js';
import { authorOf } from './messages.js';

let thread: Thread;
let caseId: string;
beforeEach(() => {
  thread = new Thread();
  thread.fromClient('My bill is wrong');
  caseId = thread.openCase().id;
});

const closeIt = (): void => {
  const { lastSeq } = thread.conversation;
  thread.change((situation) =>
    close(situation, { seen: thread.seen(), admin: alma, requestId: 'close', seenSeq: lastSeq, reason: 'Solved' }),
  );
};
const rate = (stars: number, comment = '', named = caseId) =>
  thread.change((situation) => rateCase(situation, ratingBy(stars, comment)), { caseId: named });
const ratingBy = (stars: number, comment: string) => ({
  author: authorOf(mira),
  requestId: 'rate',
  rating: { stars, comment },
});

describe('rating a case', () => {
  it('writes an entry in the thread and the rating on the case, which stays as it was closed', () => {
    closeIt();
    const closed = thread.cases.at(-1)?.view;
    const change = rate(4, 'Quick answer');
    expect(change?.entries).toMatchObject([
      {
        caseId,
        requestId: 'rate',
        author: { side: 'client', id: mira.id },
        content: { kind: 'case_rated', case: closed, rating: 4, comment: 'Quick answer' },
      },
    ]);
    expect(change?.cases).toMatchObject([
      { opened: false, view: closed, rating: { stars: 4, comment: 'Quick answer' }, closedAt: null, closeReason: null },
    ]);
  });

  it('is no message: nobody has it unread, nobody waits for a word, and the preview stays', () => {
    thread.fromAdmin(alma, 'It is corrected.');
    closeIt();
    const { progress, preview, awaitingSince, openCase } = thread.conversation;
    rate(1, 'Not a good word in it');
    expect(thread.conversation).toMatchObject({ progress, preview, awaitingSince, openCase });
  });

  it('is also for an earlier case, while a later one is open', () => {
    closeIt();
    thread.fromClient('One more thing');
    const { openCase } = thread.conversation;
    expect(rate(5)?.entries).toMatchObject([{ caseId, content: { case: { number: 1 } } }]);
    expect(thread.conversation.openCase).toEqual(openCase);
  });

  it('writes nothing when it says the same again, and refuses another word', () => {
    closeIt();
    rate(3, 'So so');
    expect(rate(3, 'So so')).toBeNull();
    const rated = { kind: 'failed-precondition', reason: 'CASE_RATED' };
    expect(refusalOf(() => rate(4, 'So so'))).toMatchObject(rated);
    expect(refusalOf(() => rate(3))).toMatchObject(rated);
  });

  it('waits until the case is closed', () => {
    expect(refusalOf(() => rate(3))).toMatchObject({ kind: 'failed-precondition', reason: 'CASE_NOT_CLOSED' });
  });

  it('knows the cases of this conversation only', () => {
    closeIt();
    expect(refusalOf(() => rate(3, '', 'case-elsewhere'))).toMatchObject({
      kind: 'not-found',
      reason: 'CASE_NOT_FOUND',
    });
  });
});
