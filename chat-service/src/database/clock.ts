/**
 * The offset that statements add to database time, in microseconds. Always 0 in production: only tests move it, since
 * shared decisions (leases, expiry, windows) use the database's time and never a replica's.
 */
export class Clock {
  offsetMicros = 0;

  advance(milliseconds: number): void {
    this.offsetMicros += milliseconds * 1000;
  }
}
