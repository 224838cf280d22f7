import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import type { DeadLetter, IncomingEvent, IncomingEvents, Verdict } from './incoming-events.port.js';

export interface IncomingEventsUnderTest {
  /** Reached already, with pauses of a few milliseconds. */
  readonly events: IncomingEvents;
  /** Hands an event in as a program does. */
  put(body: string, headers?: Record<string, unknown>): void;
  /** The dead letters that are kept, oldest first. */
  letters(): Promise<DeadLetter[]>;
  close(): Promise<void>;
}

/** What every adapter of `IncomingEvents` promises. */
export function incomingEventsContract(open: () => Promise<IncomingEventsUnderTest>): void {
  let test: IncomingEventsUnderTest;
  beforeEach(async () => {
    test = await open();
  });
  afterEach(() => test.close());

  const letterOf = ({ contentType, headers, body }: IncomingEvent, reason: string): DeadLetter => ({
    contentType,
    headers,
    body,
    reason,
    text: `It is ${reason}.`,
  });

  describe('events that come in', () => {
    it('are handed over as they are, once when they are done with', async () => {
      test.put('before anybody listens', { mark: 'x' });
      const heard: IncomingEvent[] = [];
      test.events.listen((event) => {
        heard.push(event);
        return Promise.resolve('done');
      });
      test.put('after');
      await eventually('both have come', () => heard.length === 2);
      expect(heard.map(({ body }) => body.toString())).toEqual(['before anybody listens', 'after']);
      expect(heard[0]).toMatchObject({ headers: { mark: 'x' }, redelivered: false });
      expect(await test.letters()).toEqual([]);
    });

    it('are dead letters with their reason when they are bad, and hold up nobody', async () => {
      const done: string[] = [];
      test.events.listen((event) => {
        const text = event.body.toString();
        if (text === 'bad') return Promise.resolve(letterOf(event, 'UNREADABLE'));
        done.push(text);
        return Promise.resolve('done');
      });
      test.put('bad', { mark: 'x' });
      test.put('good');
      await eventually('the good one is done', () => done.length === 1);
      const [letter, ...others] = await eventually('the bad one is kept', async () => {
        const letters = await test.letters();
        return letters.length > 0 && letters;
      });
      expect(others).toEqual([]);
      expect(letter).toMatchObject({ headers: { mark: 'x' }, reason: 'UNREADABLE', text: 'It is UNREADABLE.' });
      expect(letter?.body.toString()).toBe('bad');
      expect(test.events.buried).toBe(1);
    });

    it('stay while the trouble is ours, and are handled again, others meanwhile', async () => {
      let tries = 0;
      const done: string[] = [];
      test.events.listen((event): Promise<Verdict> => {
        const text = event.body.toString();
        if (text === 'waits') tries += 1;
        if (text === 'waits' && !done.includes('other')) return Promise.reject(new Error('the database is away'));
        done.push(text);
        return Promise.resolve('done');
      });
      test.put('waits');
      await eventually('it was tried again and again', () => tries > 3);
      test.put('other');
      await eventually('both are done', () => done.length === 2);
      expect(done).toEqual(['other', 'waits']);
      expect(await test.letters()).toEqual([]);
    });

    it('are let end by close, and none begins after', async () => {
      const started: string[] = [];
      const ending = Promise.withResolvers<Verdict>();
      test.events.listen((event) => {
        started.push(event.body.toString());
        return ending.promise;
      });
      test.put('in hand');
      await eventually('it is in hand', () => started.length === 1);
      const closed = test.events.close();
      ending.resolve('done');
      await closed;
      test.put('too late');
      await new Promise((resolve) => setImmediate(resolve));
      expect(started).toEqual(['in hand']);
    });
  });

  it('keeps a dead letter of our own making', async () => {
    const body = Buffer.from('{}');
    const letter = { contentType: 'application/json', headers: {}, body, reason: 'RECIPIENT_UNKNOWN', text: 'x' };
    await eventually('the way to the dead letters is open', () =>
      test.events.bury(letter).then(
        () => true,
        () => false,
      ),
    );
    expect(await eventually('it is kept', async () => (await test.letters())[0])).toMatchObject({
      reason: 'RECIPIENT_UNKNOWN',
    });
  });
}
