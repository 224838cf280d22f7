import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryService } from './testing/memory-service.js';
import { randomFrom } from './testing/random.js';
import { signedIn } from './testing/signed-in.js';
import { pass, useFakeTime } from './testing/time.js';

const conversationIds = ['c1', 'c2', 'c3'];

describe('Watch under faults', () => {
  beforeEach(useFakeTime);
  afterEach(() => void vi.useRealTimers());

  it.each(Array.from({ length: 20 }, (_, index) => index + 1))(
    'tells every entry once and in order, and only newer rows (seed %d)',
    async (seed) => {
      const random = randomFrom(seed);
      const service = new MemoryService();
      service.addConversation('c2');
      service.addConversation('c3');
      const { session, watch } = await signedIn(service, 'maria');
      const told = new Map<string, number[]>(conversationIds.map((id) => [id, []]));
      const versions = new Map<string, number>();
      const last = (id: string): number => told.get(id)?.at(-1) ?? 0;
      watch.listen({
        entry: ({ conversationId, seq }) => void told.get(conversationId)?.push(seq),
        conversation: ({ id, version }) => {
          expect(version).toBeGreaterThan(versions.get(id) ?? 0);
          versions.set(id, version);
        },
      });
      const anyStream = (): (typeof service.streams)[number] | undefined =>
        service.open[Math.floor(random() * service.open.length)];
      const anyConversation = (): string => conversationIds[Math.floor(random() * conversationIds.length)] ?? 'c1';
      const away = new ConnectError('away', Code.Unavailable);

      const faults: (() => void)[] = [
        () => anyStream()?.fail(away),
        () => anyStream()?.end(),
        () => anyStream()?.send({ case: 'goingAway', value: { delay: durationFromMs(random() * 500) } }),
        () => service.fail('Watch', away, 2),
        () => service.open.forEach((stream) => stream.release()),
        () => void (service.holdStreams = random() < 0.3),
        () => watch.networkChanged(),
        () => void session.grant().then((grant) => session.renew(grant)),
        () => watch.setInbox(random() < 0.5),
        () => anyStream()?.loseNextEntry(),
        () => {
          const [again] = service.conversation(anyConversation()).entries.slice(-1);
          if (again !== undefined) anyStream()?.send({ case: 'entry', value: again });
        },
        () => {
          const id = anyConversation();
          watch.unwatch(id);
          versions.delete(id);
          watch.watchConversation(id, last(id), 'epoch-1');
        },
      ];

      for (const id of conversationIds) watch.watchConversation(id, 0);
      watch.start();
      for (let step = 0; step < 150; step += 1) {
        service.message(anyConversation(), `text ${step}`);
        if (random() < 0.4) faults[Math.floor(random() * faults.length)]?.();
        if (random() < 0.5) await pass(Math.ceil(random() * 100));
      }
      service.heal();
      // An entry that was lost on its stream shows with the next one.
      for (const id of conversationIds) service.message(id, 'last');
      await pass(30_000);

      expect(watch.status).toBe('live');
      for (const id of conversationIds) {
        const { entries, row } = service.conversation(id);
        expect(told.get(id)).toEqual(entries.map(({ seq }) => seq));
        expect(versions.get(id)).toBe(row.version);
      }
      expect(service.open).toHaveLength(1);
      watch.stop();
      session.close();
      await pass(50);
      expect(service.open).toHaveLength(0);
      expect(vi.getTimerCount()).toBe(0);
    },
  );
});
