import { isAdmin } from '../identity/caller.js';
import type { Hints } from './hints.port.js';
import type { Availability, PresenceStore } from './presence.port.js';
import type { WatchOwner } from './watcher.js';

/** A page that reloads is not gone: a person's last watch must be closed for this long, in milliseconds. */
const GRACE = 3_000;

/** Arrivals, departures and hints within this time share their statements, in milliseconds. */
const WINDOW = 50;

/**
 * What this replica knows of who is there. The truth is the store's: this is its copy, looked up again when somebody
 * arrives or leaves, here or elsewhere, and by the heartbeat.
 */
export class PresenceBoard {
  supportAvailable = false;
  /** Told the persons whose presence changed, or 'support' when that changed. */
  onChange: (changed: ReadonlySet<string> | 'support') => void = () => undefined;
  /** Who is of interest here: nobody else is looked up. */
  isWatched: (personId: string) => boolean = () => true;

  private readonly watches = new Map<string, { readonly owner: WatchOwner; count: number }>();
  private readonly online = new Set<string>();
  private readonly departures = new Map<string, NodeJS.Timeout>();
  private arrived = new Map<string, WatchOwner>();
  private left = new Map<string, WatchOwner>();
  private heard = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  /** One flush at a time, so that what is stored follows the order in which persons come and go. */
  private flushing: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(
    private readonly store: PresenceStore,
    private readonly hints: Hints,
    private readonly onTrouble: (error: unknown) => void,
    private readonly grace: number = GRACE,
  ) {}

  isOnline(personId: string): boolean {
    return this.online.has(personId);
  }

  /** A watch of this person has opened here. */
  arrive(owner: WatchOwner): void {
    if (this.closed) return;
    const { personId } = owner;
    clearTimeout(this.departures.get(personId));
    const stillThere = this.departures.delete(personId);
    const held = this.watches.get(personId);
    if (held !== undefined) held.count += 1;
    else this.watches.set(personId, { owner, count: 1 });
    if (held !== undefined || stillThere) return;
    this.left.delete(personId);
    this.arrived.set(personId, owner);
    this.flushSoon();
  }

  /** A watch of this person has closed here. */
  leave(owner: WatchOwner): void {
    if (this.closed) return;
    const { personId } = owner;
    const held = this.watches.get(personId);
    if (held === undefined) return;
    held.count -= 1;
    if (held.count > 0) return;
    this.watches.delete(personId);
    const timer = setTimeout(() => {
      this.departures.delete(personId);
      this.arrived.delete(personId);
      this.left.set(personId, owner);
      this.flushSoon();
    }, this.grace).unref();
    this.departures.set(personId, timer);
  }

  /** An administrator says whether they answer clients; null: as they said last. Answers what stands. */
  async declare(personId: string, availability: Availability | null): Promise<Availability> {
    const declared = await this.store.declare(personId, availability);
    if (declared.isNews) {
      this.hints.publish({ kind: 'presence', personId });
      this.hear(personId);
    }
    return declared.availability;
  }

  /** Another replica says that this person's presence has changed. */
  hear(personId: string): void {
    this.heard.add(personId);
    this.flushSoon();
  }

  /** Looks up persons, and support, and tells what has changed. */
  async look(personIds: Iterable<string>): Promise<void> {
    const asked = [...new Set(personIds)];
    const there = asked.length === 0 ? new Set<string>() : await this.store.online(asked);
    this.apply(asked, there);
    await this.lookForSupport();
  }

  /** Keeps this replica's rows fresh and looks everybody of interest up again. */
  async renew(watchedPersons: ReadonlySet<string>): Promise<void> {
    await this.store.renew([...this.watches.values()].map(({ owner }) => owner));
    for (const personId of this.online) if (!watchedPersons.has(personId)) this.online.delete(personId);
    await this.look(watchedPersons);
  }

  /** Forgets all that this replica holds; nothing may be heard or told after. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    for (const timer of this.departures.values()) clearTimeout(timer);
    this.departures.clear();
    await this.flushing;
    // What cannot be forgotten now fades by itself: the stop of a replica goes on.
    await this.store.forgetReplica().catch(this.onTrouble);
  }

  private flushSoon(): void {
    if (this.closed) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.flushing = this.flushing.then(() => this.flush()).catch(this.onTrouble);
    }, WINDOW).unref();
  }

  private async flush(): Promise<void> {
    const { arrived, left, heard } = this;
    this.arrived = new Map();
    this.left = new Map();
    this.heard = new Set();
    if (arrived.size > 0) await this.store.arrive([...arrived.values()]);
    if (left.size > 0) await this.store.leave([...left.keys()]);
    for (const personId of [...arrived.keys(), ...left.keys()]) this.hints.publish({ kind: 'presence', personId });
    for (const personId of left.keys()) if (!this.isWatched(personId)) this.online.delete(personId);
    const here = [...arrived.keys()].filter((personId) => this.isWatched(personId));
    this.apply(here, new Set(here));
    const toLook = [...left.keys(), ...heard].filter((personId) => this.isWatched(personId));
    const supportMayDiffer = heard.size > 0 || [...arrived.values(), ...left.values()].some(isAdmin);
    if (toLook.length > 0) await this.look(toLook);
    else if (supportMayDiffer) await this.lookForSupport();
  }

  private apply(asked: readonly string[], there: ReadonlySet<string>): void {
    const changed = new Set(asked.filter((personId) => this.online.has(personId) !== there.has(personId)));
    for (const personId of changed) {
      if (there.has(personId)) this.online.add(personId);
      else this.online.delete(personId);
    }
    if (changed.size > 0) this.onChange(changed);
  }

  private async lookForSupport(): Promise<void> {
    const available = await this.store.anyAvailable();
    if (available === this.supportAvailable) return;
    this.supportAvailable = available;
    this.onChange('support');
  }
}
