import { beforeEach, describe, expect, it } from '@jest/globals';
import { alma, ben, mira, Thread } from '../testing/thread.js';
import { markProgress } from './progress.js';

describe('markProgress', () => {
  let thread: Thread;

  /** case_opened 1, client 2, case_assigned 3, support 4, client 5, support 6. */
  beforeEach(() => {
    thread = new Thread();
    thread.fromClient();
    thread.fromAdmin(alma);
    thread.fromClient();
    thread.fromAdmin(alma);
  });

  const mark = (side: 'client' | 'support', personId: string, deliveredSeq: number, readSeq: number) =>
    thread.change((situation) => markProgress(situation, { side, personId, deliveredSeq, readSeq }));

  it("moves a client's cursors and counts what is left unread", () => {
    expect(thread.conversation.progress.client).toEqual({ delivered: 0, read: 0, unread: 2 });
    mark('client', mira.id, 6, 4);
    expect(thread.conversation.progress.client).toEqual({ delivered: 6, read: 4, unread: 1 });
    mark('client', mira.id, 6, 6);
    expect(thread.conversation.progress.client).toEqual({ delivered: 6, read: 6, unread: 0 });
  });

  it("leaves the other side's cursors alone", () => {
    const { support } = thread.conversation.progress;
    mark('client', mira.id, 6, 6);
    expect(thread.conversation.progress.support).toEqual(support);
  });

  it('takes delivered for itself: nothing is read by it', () => {
    mark('client', mira.id, 5, 0);
    expect(thread.conversation.progress.client).toEqual({ delivered: 5, read: 0, unread: 2 });
  });

  it('takes what was read for delivered', () => {
    mark('client', mira.id, 0, 4);
    expect(thread.conversation.progress.client).toMatchObject({ delivered: 4, read: 4 });
  });

  it.each([
    [5, 4],
    [3, 3],
    [0, 0],
  ])('never moves back, and says so by changing nothing (delivered %i, read %i)', (delivered, read) => {
    mark('client', mira.id, 5, 4);
    const { version } = thread.conversation;
    expect(mark('client', mira.id, delivered, read)).toBeNull();
    expect(thread.conversation.progress.client).toMatchObject({ delivered: 5, read: 4 });
    expect(thread.conversation.version).toBe(version);
  });

  it('never passes the head', () => {
    mark('client', mira.id, 4_000_000_000, 4_000_000_000);
    expect(thread.conversation.progress.client).toEqual({ delivered: 6, read: 6, unread: 0 });
    thread.fromAdmin(alma);
    expect(thread.conversation.progress.client).toEqual({ delivered: 6, read: 6, unread: 1 });
  });

  it('reads for support only on the page of the assignee', () => {
    mark('support', alma.id, 6, 5);
    expect(thread.conversation.progress.support).toEqual({ delivered: 6, read: 5, unread: 0 });
  });

  it('reads nothing when a colleague looks, but has delivered', () => {
    mark('support', ben.id, 5, 5);
    expect(thread.conversation.progress.support).toEqual({ delivered: 5, read: 0, unread: 2 });
  });

  it('reads nothing for support while the case waits', () => {
    const waiting = new Thread();
    waiting.fromClient();
    waiting.change((situation) =>
      markProgress(situation, { side: 'support', personId: alma.id, deliveredSeq: 2, readSeq: 2 }),
    );
    expect(waiting.conversation.progress.support).toEqual({ delivered: 2, read: 0, unread: 1 });
  });

  it('keeps what a colleague could not mark as read unread, though read moves later', () => {
    mark('support', ben.id, 6, 6);
    mark('support', alma.id, 6, 2);
    expect(thread.conversation.progress.support).toEqual({ delivered: 6, read: 2, unread: 1 });
  });

  it('writes no entry and counts one version', () => {
    const { version } = thread.conversation;
    const change = mark('client', mira.id, 6, 6);
    expect(change).toMatchObject({ entries: [], cases: [], conversation: { version: version + 1 } });
  });
});
