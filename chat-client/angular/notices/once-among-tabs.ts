/** The others find it taken for so long, in milliseconds: news reach all tabs within it. */
const TAKEN_MS = 3_000;

/** The part of navigator.locks that is needed. */
export type OnceLocks = Pick<LockManager, 'request'>;

/**
 * Calls `work` in the first of the browser's tabs that asks for this name, and in no other that asks within 3 s. Where
 * there are no Web Locks, in each.
 */
export async function onceAmongTabs(locks: OnceLocks | undefined, name: string, work: () => void): Promise<void> {
  if (locks === undefined) {
    work();
    return;
  }
  await locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock === null) return;
    work();
    await new Promise((resolve) => setTimeout(resolve, TAKEN_MS));
  });
}
