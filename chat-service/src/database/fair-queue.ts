/**
 * Items wait in groups that take turns: `take` answers the next of the group that was served longest ago, in order
 * within a group, so that a group that floods the queue holds up itself.
 */
export class FairQueue<Item> {
  /** By group; who was served last comes last. None is empty. */
  private readonly groups = new Map<string, Item[]>();
  private length = 0;

  get size(): number {
    return this.length;
  }

  sizeOf(group: string): number {
    return this.groups.get(group)?.length ?? 0;
  }

  add(group: string, item: Item): void {
    const items = this.groups.get(group);
    if (items === undefined) this.groups.set(group, [item]);
    else items.push(item);
    this.length += 1;
  }

  /** What `take` would answer; undefined when nothing waits. */
  peek(): Item | undefined {
    for (const [, [first]] of this.groups) return first;
    return undefined;
  }

  take(): Item | undefined {
    for (const [group, items] of this.groups) {
      const first = items.shift();
      this.groups.delete(group);
      if (items.length > 0) this.groups.set(group, items);
      this.length -= 1;
      return first;
    }
    return undefined;
  }

  /** Keeps of each group what `keep` answers. */
  keep(keep: (items: Item[]) => Item[]): void {
    for (const [group, items] of this.groups) {
      const kept = keep(items);
      this.length -= items.length - kept.length;
      if (kept.length === 0) this.groups.delete(group);
      else if (kept.length < items.length) this.groups.set(group, kept);
    }
  }
}
