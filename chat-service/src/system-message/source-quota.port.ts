/**
 * How many recipients a source may still reach this hour, of all replicas together, by database time.
 *
 * `take` answers undefined when `recipients` more are within `perHour` and counts them, else after how many
 * milliseconds the next hour begins. Places may be set aside for a replica in advance, at most a hundredth of the quota
 * at a time: they are lost with it.
 */
export abstract class SourceQuota {
  abstract take(source: string, recipients: number, perHour: number): Promise<number | undefined>;
}
