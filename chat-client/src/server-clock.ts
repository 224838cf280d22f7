import { timestampMs, type Timestamp } from '@bufbuild/protobuf/wkt';

/**
 * The service's time, as far as its entries tell: what has just been written was written now, and nothing was written
 * later than now. Until something contradicts it, the device's clock counts.
 */
export class ServerClock {
  private aheadMs = 0;

  /** Milliseconds since 1970. */
  now(): number {
    return Date.now() + this.aheadMs;
  }

  /** Something arrived as it was written. */
  heard(written: Timestamp | undefined): void {
    if (written !== undefined) this.aheadMs = timestampMs(written) - Date.now();
  }

  /** Something was written some time ago. */
  read(written: Timestamp | undefined): void {
    if (written !== undefined) this.aheadMs = Math.max(this.aheadMs, timestampMs(written) - Date.now());
  }
}
