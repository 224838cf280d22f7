import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { Audience } from '@energy-chat/contract/auth_pb.js';
import { SessionEndingReason } from '@energy-chat/contract/conversation_pb.js';
import { Side } from '@energy-chat/contract/person_pb.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryService, refusal } from './testing/memory-service.js';
import { Recorder } from './testing/recorder.js';
import { signedIn, type SignedIn } from './testing/signed-in.js';
import { pass, settle, useFakeTime } from './testing/time.js';
import type { Watch, WatchOptions } from './watch.js';

const away = new ConnectError('away', Code.Unavailable);
const seqs = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('Watch', () => {
  let service: MemoryService;
  let heard: Recorder;
  let session: SignedIn['session'];
  let watch: Watch;

  async function start(options: WatchOptions = {}, login = 'ana'): Promise<void> {
    ({ session, watch } = await signedIn(service, login, { watch: options }));
    watch.listen(heard);
    watch.watchConversation('c1', 0);
    watch.start();
    await pass(50);
  }

  beforeEach(() => {
    useFakeTime();
    service = new MemoryService();
    heard = new Recorder();
  });
  afterEach(() => {
    watch.stop();
    session.close();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('tells what was missed, then that it has caught up, then everything live', async () => {
    service.message('c1', 'one');
    service.message('c1', 'two');
    await start();
    expect(heard.take()).toEqual(['connecting', 'c1 1', 'c1 2', 'row c1 3', 'live', 'caught up epoch-1']);
    service.message('c1', 'three');
    await settle();
    expect(heard.take()).toEqual(['c1 3', 'row c1 4']);
    expect(service.streams).toHaveLength(1);
  });

  it.each(seqs(0, 12))('resumes exactly after a cut behind event %d', async (k) => {
    for (let seq = 1; seq <= 4; seq += 1) service.message('c1', `missed ${seq}`);
    service.holdStreams = true;
    await start();
    const { stream } = service;
    const events: (() => void)[] = [
      ...service.conversation('c1').entries.map((entry) => () => stream.send({ case: 'entry', value: entry })),
      () => stream.send({ case: 'conversation', value: service.conversation('c1').row }),
      () => stream.send({ case: 'caughtUp', value: { epoch: 'epoch-1' } }),
      ...seqs(5, 7).flatMap((seq) => [
        () => {
          const entry = service.message('c1', `live ${seq}`);
          stream.send({ case: 'entry', value: entry });
        },
        () => stream.send({ case: 'conversation', value: service.conversation('c1').row }),
      ]),
    ];
    expect(events).toHaveLength(12);
    for (const event of events.slice(0, k)) event();
    await settle();
    const before = heard.takeSeqs();
    service.holdStreams = false;
    stream.fail(away);
    await pass(500);
    for (let seq = service.conversation('c1').entries.length + 1; seq <= 7; seq += 1)
      service.message('c1', `later ${seq}`);
    await settle();
    expect(service.stream.request.cursors).toMatchObject([{ afterSeq: before.length }]);
    expect([...before, ...heard.takeSeqs()]).toEqual(seqs(1, 7));
  });

  it('does not tell an entry or a version twice, nor an older version', async () => {
    const one = service.message('c1', 'one');
    await start();
    heard.take();
    const old = service.conversation('c1').row;
    const newer = service.changeRow('c1', {});
    service.stream.send({ case: 'entry', value: one });
    service.stream.send({ case: 'conversation', value: newer });
    service.stream.send({ case: 'conversation', value: old });
    await settle();
    expect(heard.take()).toEqual([`row c1 ${newer.version}`]);
  });

  it('resumes from its cursor when an entry is missing', async () => {
    await start();
    heard.take();
    service.stream.loseNextEntry();
    service.message('c1', 'one');
    service.message('c1', 'two');
    await settle();
    expect(heard.take()).toEqual(['row c1 2', 'reconnecting']);
    await pass(500);
    expect(heard.takeSeqs()).toEqual([1, 2]);
    expect(service.stream.request.cursors).toMatchObject([{ conversationId: 'c1', afterSeq: 0 }]);
  });

  it('passes over a kind of entry that it does not know', async () => {
    await start();
    service.append('c1', { case: undefined });
    service.message('c1', 'two');
    await settle();
    expect(heard.takeSeqs()).toEqual([1, 2]);
  });

  it('starts again where a reset says and tells it', async () => {
    for (let seq = 1; seq <= 1_002; seq += 1) service.message('c1', 'text');
    await start();
    expect(heard.take()).toEqual(['connecting', 'reset c1 1002', 'row c1 1003', 'live', 'caught up epoch-1']);
    service.message('c1', 'next');
    await settle();
    expect(heard.takeSeqs()).toEqual([1_003]);
  });

  it('is reset after the log was restored from a backup, and believes its lower versions', async () => {
    for (let seq = 1; seq <= 5; seq += 1) service.message('c1', 'text');
    await start();
    heard.take();
    service.stream.fail(away);
    service.epoch = 'epoch-2';
    service.conversation('c1').entries.splice(3);
    service.conversation('c1').row = { ...service.conversation('c1').row, lastSeq: 3, version: 3 };
    await pass(500);
    expect(heard.take()).toEqual(['reconnecting', 'reset c1 3', 'row c1 3', 'live', 'caught up epoch-2']);
    service.message('c1', 'next');
    await settle();
    expect(heard.take()).toEqual(['c1 4', 'row c1 4']);
  });

  it('waits longer and longer while the service is away, and starts small again once it has caught up', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    await start();
    service.fail('Watch', away, 8);
    service.stream.fail(away);
    const tries: number[] = [];
    const before = service.callsOf('Watch').length;
    for (let ms = 0; ms < 60_000 && service.callsOf('Watch').length < before + 9; ms += 100) {
      const count = service.callsOf('Watch').length;
      await pass(100);
      if (service.callsOf('Watch').length > count) tries.push(ms + 100);
    }
    const waits = tries.map((time, index) => time - (tries[index - 1] ?? 0));
    expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000]);
    await pass(200);
    expect(watch.status).toBe('live');
    service.stream.fail(away);
    await pass(250);
    expect(watch.status).toBe('live');
  });

  it('waits as long as a full service asks', async () => {
    service.fail('Watch', refusal(Code.ResourceExhausted, 'TOO_MANY_STREAMS', { retryMs: 5_000 }));
    await start();
    await pass(4_900);
    expect(service.callsOf('Watch')).toHaveLength(1);
    await pass(400);
    expect(watch.status).toBe('live');
  });

  it('resumes when it was too slow', async () => {
    await start();
    heard.take();
    service.stream.fail(refusal(Code.ResourceExhausted, 'RESYNC'));
    service.message('c1', 'one');
    await pass(300);
    expect(heard.take()).toEqual(['reconnecting', 'c1 1', 'row c1 2', 'live', 'caught up epoch-1']);
  });

  it('says offline when nothing was reached for a while, or the device says so', async () => {
    let online = true;
    await start({ online: () => online });
    service.fail('Watch', away, 1_000);
    service.stream.fail(away);
    await pass(5_000);
    expect(watch.status).toBe('reconnecting');
    await pass(25_000);
    expect(watch.status).toBe('offline');
    online = false;
    watch.networkChanged();
    expect(watch.status).toBe('offline');
    online = true;
    watch.networkChanged();
    expect(watch.status).toBe('reconnecting');
  });

  it('goes offline at once when the device does, and back at once', async () => {
    let online = true;
    await start({ online: () => online });
    online = false;
    service.fail('Watch', away);
    watch.networkChanged();
    await settle();
    expect(watch.status).toBe('offline');
    expect(service.open).toHaveLength(0);
    online = true;
    watch.networkChanged();
    await settle();
    expect(watch.status).toBe('live');
  });

  it('takes a line that tells nothing for 2.5 heartbeats as dead, and one with heartbeats as alive', async () => {
    await start();
    heard.take();
    for (let beat = 0; beat < 4; beat += 1) {
      await pass(25_000);
      service.stream.send({ case: 'heartbeat', value: {} });
    }
    await pass(62_400);
    expect(heard.take()).toEqual([]);
    await pass(500);
    expect(heard.take()).toEqual(['reconnecting', 'live', 'caught up epoch-1']);
    expect(service.open).toHaveLength(1);
  });

  it('notices after the device has slept that the line is dead, though nothing wakes the page', async () => {
    await start();
    await pass(10_000);
    heard.take();
    // Timers stand still meanwhile.
    vi.setSystemTime(Date.now() + 3_600_000);
    await pass(5_500);
    expect(heard.take()).toEqual(['reconnecting', 'live', 'caught up epoch-1']);
    expect(service.open).toHaveLength(1);
  });

  it('takes a silent line as dead in time, though the clock was set back', async () => {
    await start();
    vi.setSystemTime(Date.now() - 3_600_000);
    await pass(63_500);
    expect(service.streams).toHaveLength(2);
    expect(service.open).toHaveLength(1);
  });

  it('takes a stream that does not begin in time as failed', async () => {
    service.holdStreams = true;
    await start();
    service.holdStreams = false;
    await pass(15_500);
    expect(watch.status).toBe('live');
    expect(service.open).toHaveLength(1);
  });

  it('replaces a silent line when the page wakes up, and leaves one that just spoke', async () => {
    await start();
    await pass(20_000);
    watch.wake();
    await settle();
    expect(service.streams).toHaveLength(1);
    await pass(20_000);
    watch.wake();
    await settle();
    expect(service.streams).toHaveLength(2);
    expect(service.open).toHaveLength(1);
    expect(heard.take()).not.toContain('reconnecting');
  });

  it('does not believe what the device kept while it slept: the line may be dead', async () => {
    await start();
    await pass(10_000);
    heard.take();
    // Timers stand still meanwhile.
    vi.setSystemTime(Date.now() + 50_000);
    service.stream.send({ case: 'heartbeat', value: {} });
    await settle();
    expect(service.streams).toHaveLength(2);
    expect(service.open).toHaveLength(1);
    await pass(20_000);
    service.stream.send({ case: 'heartbeat', value: {} });
    await settle();
    expect(service.streams).toHaveLength(2);
    expect(heard.take()).not.toContain('reconnecting');
  });

  it('gives a silent line up when its successor cannot be opened after waking', async () => {
    await start();
    await pass(40_000);
    service.fail('Watch', away, 3);
    watch.wake();
    await settle();
    expect(watch.status).toBe('reconnecting');
    await pass(3_000);
    expect(watch.status).toBe('live');
  });

  it('tries at once when woken between two tries', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    await start();
    service.fail('Watch', away, 6);
    service.stream.fail(away);
    await pass(200 + 400 + 800 + 1_600 + 3_200 + 6_400 + 100);
    expect(watch.status).not.toBe('live');
    watch.wake();
    await settle();
    expect(watch.status).toBe('live');
  });

  describe('changing streams', () => {
    it('follows a replica that goes away without a flicker or a repeat', async () => {
      await start();
      service.stream.send({ case: 'presence', value: { subject: { case: 'support', value: { available: true } } } });
      service.message('c1', 'one');
      await settle();
      heard.take();
      const old = service.stream;
      service.holdStreams = true;
      old.send({ case: 'goingAway', value: { delay: durationFromMs(3_000) } });
      await pass(2_900);
      expect(service.streams).toHaveLength(1);
      await pass(200);
      const [, successor] = service.streams;
      expect(old.closed).toBe(false);
      service.message('c1', 'two');
      await settle();
      successor?.send({ case: 'presence', value: { subject: { case: 'support', value: { available: true } } } });
      successor?.release();
      await settle();
      service.message('c1', 'three');
      await settle();
      expect(heard.take()).toEqual(['c1 2', 'row c1 3', 'caught up epoch-1', 'c1 3', 'row c1 4']);
      expect(service.open).toEqual([successor]);
    });

    it('tries again within a second, however often it meets the one that stops', async () => {
      const stopping = refusal(Code.Unavailable, 'GOING_AWAY');
      await start();
      service.fail('Watch', stopping, 30);
      service.stream.fail(stopping);
      await pass(31_000);
      expect(watch.status).toBe('live');
    });

    it('follows at once, unnoticed, when the replica ends before its delay', async () => {
      await start();
      heard.take();
      service.stream.send({ case: 'goingAway', value: { delay: durationFromMs(5_000) } });
      await settle();
      service.stream.fail(away);
      await pass(300);
      expect(heard.take()).toEqual(['caught up epoch-1']);
      await pass(6_000);
      expect(service.open).toHaveLength(1);
    });

    it('tells that the line is lost when no successor comes', async () => {
      await start();
      heard.take();
      service.fail('Watch', away, 100);
      service.stream.send({ case: 'goingAway', value: { delay: durationFromMs(0) } });
      await settle();
      service.stream.fail(away);
      await pass(3_100);
      expect(heard.take()).toEqual(['reconnecting']);
    });

    it('watches one more conversation on a new stream, in order and each once', async () => {
      service.addConversation('c2');
      for (let seq = 1; seq <= 3; seq += 1) service.message('c2', 'text');
      await start();
      heard.take();
      const old = service.stream;
      service.holdStreams = true;
      watch.watchConversation('c2', 1);
      await pass(20);
      const [, successor] = service.streams;
      service.message('c1', 'on the old stream');
      await settle();
      successor?.release();
      await settle();
      service.message('c1', 'on the new stream');
      service.message('c2', 'live');
      await settle();
      const lines = heard.take();
      expect(lines.filter((line) => line.startsWith('c1 '))).toEqual(['c1 1', 'c1 2']);
      expect(lines.filter((line) => line.startsWith('c2 '))).toEqual(['c2 2', 'c2 3', 'c2 4']);
      expect(lines).not.toContain('reconnecting');
      expect(old.closed).toBe(true);
    });

    it('gathers wishes into one stream', async () => {
      await start({}, 'maria');
      for (let number = 2; number <= 9; number += 1) {
        service.addConversation(`c${number}`);
        watch.watchConversation(`c${number}`, 0);
      }
      watch.setInbox(true);
      watch.unwatch('c9');
      await pass(50);
      expect(service.streams).toHaveLength(2);
      expect(service.stream.request).toMatchObject({ inbox: true });
      expect(service.stream.request.cursors).toHaveLength(8);
    });

    it('is silent about a conversation as soon as it is not watched', async () => {
      await start();
      heard.take();
      watch.unwatch('c1');
      service.message('c1', 'one');
      await settle();
      expect(heard.take()).toEqual([]);
    });

    it('tells the row again to a page that watches the conversation again', async () => {
      await start();
      watch.unwatch('c1');
      await pass(50);
      heard.take();
      watch.watchConversation('c1', 0);
      await pass(50);
      expect(heard.take()).toEqual(['row c1 1', 'caught up epoch-1']);
    });

    it('moves to a new stream ahead of the end of its token', async () => {
      await start();
      heard.take();
      service.message('c1', 'one');
      for (let s = 0; s < 400; s += 20) {
        service.open.forEach((stream) => stream.send({ case: 'heartbeat', value: {} }));
        await pass(20_000);
      }
      service.message('c1', 'two');
      await settle();
      expect(service.callsOf('Watch').map(({ token }) => token)).toEqual(['0.1', '0.2']);
      expect(service.open).toHaveLength(1);
      expect(heard.take()).toEqual(['c1 1', 'row c1 2', 'caught up epoch-1', 'c1 2', 'row c1 3']);
    });

    it('refreshes and resumes, unnoticed, when its token ends during the watch', async () => {
      await start();
      heard.take();
      service.sessions.forEach((each) => (each.expired = 1));
      service.stream.send({ case: 'sessionEnding', value: { reason: SessionEndingReason.TOKEN_EXPIRED } });
      service.stream.end();
      service.message('c1', 'one');
      await pass(300);
      expect(heard.take()).toEqual(['c1 1', 'row c1 2', 'caught up epoch-1']);
      expect(service.callsOf('Watch').map(({ token }) => token)).toEqual(['0.1', '0.2']);
      expect(service.callsOf('Refresh')).toHaveLength(1);
    });

    it('waits, unnoticed, for a fresh token when its stream has ended before the refresh', async () => {
      await start();
      heard.take();
      service.sessions.forEach((each) => (each.expired = 1));
      const release = service.hold('Refresh');
      service.stream.send({ case: 'sessionEnding', value: { reason: SessionEndingReason.TOKEN_EXPIRED } });
      service.stream.end();
      await pass(1_000);
      expect(heard.take()).toEqual([]);
      expect(service.callsOf('Watch')).toHaveLength(1);
      release();
      await pass(300);
      expect(heard.take()).toEqual(['caught up epoch-1']);
      expect(service.callsOf('Watch').map(({ token }) => token)).toEqual(['0.1', '0.2']);
    });

    it('moves once more when the token was refreshed while the stream was being opened', async () => {
      await start();
      service.holdStreams = true;
      watch.setInbox(true);
      await pass(50);
      await session.renew(await session.grant());
      service.holdStreams = false;
      service.streams[1]?.release();
      await settle();
      expect(service.callsOf('Watch').map(({ token }) => token)).toEqual(['0.1', '0.1', '0.2']);
      expect(service.open).toHaveLength(1);
    });

    it('tells that the line is lost when the successor does not catch up', async () => {
      await start();
      heard.take();
      service.holdStreams = true;
      service.stream.send({ case: 'goingAway', value: {} });
      await pass(50);
      service.streams[0]?.fail(away);
      await pass(2_900);
      expect(heard.take()).toEqual([]);
      await pass(200);
      expect(heard.take()).toEqual(['reconnecting']);
      service.stream.release();
      await settle();
      expect(heard.take()).toEqual(['live', 'caught up epoch-1']);
    });

    it('believes the stream that tells a reset, and no more the one before', async () => {
      await start();
      service.holdStreams = true;
      watch.setInbox(true);
      await pass(50);
      const [old, successor] = service.streams;
      heard.take();
      successor?.send({ case: 'reset', value: { conversationId: 'c1', epoch: 'epoch-2', afterSeq: 3 } });
      await settle();
      expect(old?.closed).toBe(true);
      successor?.send({ case: 'caughtUp', value: { epoch: 'epoch-2' } });
      await settle();
      expect(heard.take()).toEqual(['reset c1 3', 'caught up epoch-2']);
    });

    it('refreshes when a new stream is refused because of its token', async () => {
      await start();
      service.sessions.forEach((each) => (each.expired = 1));
      service.stream.fail(away);
      await pass(600);
      expect(watch.status).toBe('live');
      expect(service.callsOf('Refresh')).toHaveLength(1);
    });
  });

  describe('typing and presence', () => {
    const typing = (remainingMs: number) =>
      ({
        case: 'typing',
        value: {
          conversationId: 'c1',
          side: Side.SUPPORT,
          personId: '2',
          displayName: 'Maria',
          remaining: durationFromMs(remainingMs),
        },
      }) as const;

    it('shows who types once, and for as long as the last news say', async () => {
      await start();
      heard.take();
      service.stream.send(typing(5_000));
      await pass(3_000);
      service.stream.send(typing(5_000));
      await pass(4_900);
      expect(heard.take()).toEqual(['Maria types']);
      await pass(200);
      expect(heard.take()).toEqual(['Maria stopped']);
    });

    it('ends typing by news and by the message', async () => {
      await start();
      heard.take();
      service.stream.send(typing(5_000));
      service.stream.send(typing(0));
      service.stream.send(typing(5_000));
      await settle();
      service.message('c1', 'Hello', service.admin);
      await settle();
      expect(heard.take().slice(0, 5)).toEqual([
        'Maria types',
        'Maria stopped',
        'Maria types',
        'c1 1',
        'Maria stopped',
      ]);
    });

    it('clears both when the line is lost, and tells presence again', async () => {
      await start();
      const available = { subject: { case: 'support', value: { available: true } } } as const;
      service.stream.send({ case: 'presence', value: available });
      service.stream.send({ case: 'presence', value: available });
      service.stream.send(typing(5_000));
      await settle();
      heard.take();
      service.holdStreams = true;
      service.stream.fail(away);
      await pass(300);
      expect(heard.take()).toEqual(['Maria stopped', 'support undefined', 'reconnecting']);
      service.stream.send({ case: 'presence', value: available });
      service.stream.release();
      await settle();
      expect(heard.take()).toEqual(['support true', 'live', 'caught up epoch-1']);
    });

    it('keeps who types over a change of streams, and drops who does not type by the new one', async () => {
      await start();
      service.stream.send(typing(5_000));
      await settle();
      heard.take();
      service.holdStreams = true;
      service.stream.send({ case: 'goingAway', value: {} });
      await pass(50);
      const [, second] = service.streams;
      second?.send(typing(4_000));
      second?.release();
      await pass(50);
      expect(heard.take()).toEqual(['caught up epoch-1']);
      second?.send({ case: 'goingAway', value: {} });
      await pass(50);
      service.streams[2]?.release();
      await settle();
      expect(heard.take()).toEqual(['Maria stopped', 'caught up epoch-1']);
    });
  });

  describe('sessions', () => {
    it('stops when the service ends the session, keeps its cursors, and resumes after signing in again', async () => {
      service.message('c1', 'one');
      await start();
      heard.take();
      service.sessions.forEach((each) => (each.ended = true));
      service.stream.send({ case: 'sessionEnding', value: { reason: SessionEndingReason.SIGNED_OUT } });
      service.stream.end();
      await pass(1_000);
      expect(heard.take()).toEqual(['signed-out']);
      expect(session.state).toEqual({ kind: 'signed-out', reason: 'SESSION_ENDED' });
      service.message('c1', 'two');
      await session.signIn('ana', 'right', Audience.CLIENT);
      await pass(100);
      expect(heard.take()).toEqual(['reconnecting', 'c1 2', 'row c1 3', 'live', 'caught up epoch-1']);
    });

    it('forgets everything when somebody else signs in', async () => {
      await start();
      await session.signOut();
      await session.signIn('maria', 'right', Audience.ADMIN);
      await pass(100);
      expect(service.stream.request).toMatchObject({ cursors: [], epoch: '', inbox: false });
    });

    it('leaves nothing open when it is stopped', async () => {
      await start();
      service.stream.send({ case: 'goingAway', value: { delay: durationFromMs(60_000) } });
      await settle();
      watch.stop();
      await settle();
      expect(service.open).toHaveLength(0);
      expect(watch.status).toBe('stopped');
    });
  });

  it('tells what the service refuses to watch, keeps the rest alive, and does not insist', async () => {
    await start();
    heard.take();
    watch.watchConversation('stranger', 0);
    await pass(5_000);
    expect(heard.take()).toEqual(['refused NOT_YOURS']);
    expect(service.streams).toHaveLength(2);
    service.message('c1', 'one');
    watch.unwatch('stranger');
    await pass(100);
    expect(heard.take()).toEqual(['c1 1', 'row c1 2', 'caught up epoch-1']);
  });

  it('brings an administrator the rows of conversations that are not watched', async () => {
    await start({}, 'maria');
    watch.setInbox(true);
    await pass(50);
    heard.take();
    service.addConversation('c2');
    service.message('c2', 'Hello');
    await settle();
    expect(heard.take()).toEqual(['row c2 2']);
  });
});
