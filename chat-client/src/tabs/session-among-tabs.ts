import { delay } from '../delay.js';
import { InProcessRefreshLock, type RefreshLock } from '../refresh-lock.js';
import type { SessionOptions } from '../session.js';
import { TabRefreshLock } from './tab-refresh-lock.js';
import { TabSiblings } from './tab-siblings.js';
import type { TabScope } from './tabs.js';

/** Among tabs without locks refreshes are spread over so long, in milliseconds. */
const SPREAD_MS = 500;

/**
 * What a session takes into account of the other tabs of a portal, as far as this browser can: one refreshes for all,
 * and a sign-out reaches all. `scope` is `window`; `portal` tells apart the portals of one origin.
 */
export function sessionAmongTabs(scope: TabScope, portal: string): Pick<SessionOptions, 'lock' | 'siblings'> {
  const locks = scope.navigator?.locks;
  const Channel = scope.BroadcastChannel;
  const lock = locks === undefined ? new SpreadRefreshes() : new TabRefreshLock(locks, portal);
  if (Channel === undefined) return { lock };
  return { lock, siblings: new TabSiblings({ openChannel: (name) => new Channel(name) }, portal) };
}

/**
 * Where a browser has no locks (plain http that is not localhost): a random wait makes it likely that one tab has the
 * new token, and can be asked for it, before the next begins. Two at a time might end the session for both.
 */
class SpreadRefreshes implements RefreshLock {
  private readonly one = new InProcessRefreshLock();

  run<T>(work: () => Promise<T>): Promise<T> {
    return this.one.run(async () => {
      await delay(Math.random() * SPREAD_MS);
      return work();
    });
  }
}
