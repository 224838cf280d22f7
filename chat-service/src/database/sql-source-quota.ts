import { SourceQuota } from '../system-message/source-quota.port.js';
import type { Clock } from './clock.js';
import type { Database } from './database.js';

const HOUR = 3_600_000_000;
/** The part of a quota that is set aside at once, so that not every message costs a statement. */
const SET_ASIDE = 0.01;

/** Places that this replica holds, until `endsAt` by the process's monotonic clock, in milliseconds. */
interface Places {
  left: number;
  readonly endsAt: number;
}

/** Quotas counted in the chat's database, in whole hours of its time. */
export class SqlSourceQuota extends SourceQuota {
  private readonly places = new Map<string, Places>();
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  override take(source: string, recipients: number, perHour: number): Promise<number | undefined> {
    // One at a time for each source, so that places are set aside once for all who wait.
    const before = this.turns.get(source) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(() => this.takeInTurn(source, recipients, perHour));
    this.turns.set(source, turn);
    return turn;
  }

  private async takeInTurn(source: string, recipients: number, perHour: number): Promise<number | undefined> {
    const held = this.places.get(source);
    const isHeld = held !== undefined && performance.now() < held.endsAt;
    if (isHeld && held.left >= recipients) {
      held.left -= recipients;
      return undefined;
    }
    const missing = recipients - (isHeld ? held.left : 0);
    const wanted = [Math.max(missing, Math.floor(perHour * SET_ASIDE)), missing];
    for (const places of wanted) {
      const { taken, untilNextHour } = await this.setAside(source, places, perHour);
      if (!taken && places === missing) return untilNextHour;
      if (!taken) continue;
      this.places.set(source, { left: places - missing, endsAt: performance.now() + untilNextHour });
      return undefined;
    }
    throw new Error('A quota was asked for nothing');
  }

  private setAside(source: string, places: number, perHour: number) {
    return this.database.writeRepeatably(async (manager) => {
      const { dialect } = this.database;
      const [time] = await manager.query<{ now: number | string }[]>(`SELECT ${dialect.now(this.clock)} AS now`);
      const now = Number(time?.now);
      const hour = now - (now % HOUR);
      const untilNextHour = (hour + HOUR - now) / 1_000;
      await manager.query(
        `INSERT INTO source_use (source, hour_at, used) VALUES (?, ?, 0)
         ${dialect.onConflict(['source'])}
           used = CASE WHEN source_use.hour_at < ? THEN 0 ELSE source_use.used END,
           hour_at = CASE WHEN source_use.hour_at < ? THEN ? ELSE source_use.hour_at END`,
        [source, hour, hour, hour, hour],
      );
      const [row] = await manager.query<{ used: number }[]>('SELECT used FROM source_use WHERE source = ?', [source]);
      const taken = Number(row?.used ?? 0) + places <= perHour;
      if (taken) await manager.query('UPDATE source_use SET used = used + ? WHERE source = ?', [places, source]);
      return { taken, untilNextHour };
    });
  }
}
