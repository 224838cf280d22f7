/** A real server that tests talk to. */
export interface Server {
  readonly url: string;
  /** Where it comes from, for people. */
  readonly source: string;
  /** Of the first process, where it is a program of this system. */
  readonly pid?: number;
  /** Ends it in good order; its data stays. */
  stop(): Promise<void>;
  /** Ends it on the spot, as a crash would; its data stays. */
  kill(): Promise<void>;
  /** Starts it again after `stop` or `kill`, at the same URL. */
  start(): Promise<void>;
  /** Of a broker: runs its `rabbitmqctl` with these arguments; undefined where it is out of our reach. */
  control?(args: readonly string[]): Promise<void>;
  /** Ends it for good and leaves nothing behind. */
  close(): Promise<void>;
}
