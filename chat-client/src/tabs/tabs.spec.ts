import { describe, expect, it } from 'vitest';
import { MemoryBrowser } from '../testing/memory-browser.js';
import { browserTabs, type TabChannel } from './tabs.js';

class Channel implements TabChannel {
  constructor(readonly name: string) {}
  postMessage(): void {}
  addEventListener(): void {}
  close(): void {}
}

describe('browserTabs', () => {
  const { locks } = new MemoryBrowser().open();

  it('is undefined where the browser has no Web Locks, or no BroadcastChannel: each tab stands alone', () => {
    expect(browserTabs({ navigator: {}, BroadcastChannel: Channel })).toBeUndefined();
    expect(browserTabs({ navigator: { locks } })).toBeUndefined();
    expect(browserTabs({})).toBeUndefined();
  });

  it('opens channels by name and knows whether the tab is in front', () => {
    const document = { visibilityState: 'visible' };
    const tabs = browserTabs({ navigator: { locks }, BroadcastChannel: Channel, document });
    expect(tabs?.openChannel('a name')).toMatchObject({ name: 'a name' });
    expect(tabs?.isVisible()).toBe(true);
    document.visibilityState = 'hidden';
    expect(tabs?.isVisible()).toBe(false);
  });
});
