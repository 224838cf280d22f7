import { Code } from '@connectrpc/connect';
import { Availability } from '@energy-chat/contract/inbox_pb.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { AvailabilityKeeper } from './availability.js';
import { ChatError } from './chat-error.js';
import type { WatchListener } from './watch-listener.js';

/** The service as one administrator meets it, and the page's watch. */
class Desk {
  readonly said: Availability[] = [];
  stands = Availability.AVAILABLE;
  isAway = false;
  listeners = new Set<WatchListener>();

  readonly chat = {
    setAvailability: async (availability: Availability): Promise<Availability> => {
      this.said.push(availability);
      if (this.isAway) throw new ChatError(Code.Unavailable, '', 'away');
      if (availability !== Availability.UNSPECIFIED) this.stands = availability;
      return this.stands;
    },
  };
  readonly watch = {
    listen: (listener: WatchListener): (() => void) => {
      this.listeners.add(listener);
      return () => this.listeners.delete(listener);
    },
  };

  async heartbeat(): Promise<void> {
    for (const listener of this.listeners) listener.heartbeat?.();
    await Promise.resolve();
  }
}

describe('AvailabilityKeeper', () => {
  let desk: Desk;
  let told: boolean[];
  let keeper: AvailabilityKeeper;
  beforeEach(() => {
    desk = new Desk();
    told = [];
    keeper = new AvailabilityKeeper(desk.chat, desk.watch, (isAvailable) => told.push(isAvailable));
  });

  it('says again with each heartbeat what stands, and tells the page once', async () => {
    keeper.start();
    await desk.heartbeat();
    await desk.heartbeat();
    expect(desk.said).toEqual([Availability.UNSPECIFIED, Availability.UNSPECIFIED]);
    expect(told).toEqual([true]);
  });

  it('says at once what its person chooses', async () => {
    keeper.start();
    await keeper.set(false);
    await desk.heartbeat();
    expect(desk.stands).toBe(Availability.AWAY);
    await keeper.set(true);
    expect(told).toEqual([false, true]);
  });

  it('follows what was chosen on another page', async () => {
    keeper.start();
    await desk.heartbeat();
    desk.stands = Availability.AWAY;
    await desk.heartbeat();
    expect(told).toEqual([true, false]);
  });

  it('says nothing without a heartbeat, before it starts and after it stops', async () => {
    await desk.heartbeat();
    keeper.start();
    keeper.stop();
    await desk.heartbeat();
    expect(desk.said).toEqual([]);
  });

  it('tries again with the next heartbeat, and tells who chooses that the service is away', async () => {
    keeper.start();
    desk.isAway = true;
    await desk.heartbeat();
    await expect(keeper.set(false)).rejects.toMatchObject({ code: Code.Unavailable });
    desk.isAway = false;
    await desk.heartbeat();
    expect(told).toEqual([true]);
  });
});
