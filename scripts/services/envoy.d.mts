/** A program and, for people, where it comes from. */
export interface EnvoyProgram {
  readonly program: string;
  readonly source: string;
}

/** From the first source that works: TEST_ENVOY, PATH, the pinned wheel in `.cache/envoy`. Fails with the cure. */
export function provideEnvoy(say?: (text: string) => void): Promise<EnvoyProgram>;

/** What envoy/render.sh prints for these settings; fails with what it said about a wrong one. */
export function renderEnvoyConfig(settings: Readonly<Record<string, string>>): Promise<string>;

/** A running Envoy. Addresses are host:port. */
export interface Envoy {
  readonly clientEdge: string;
  readonly adminEdge: string;
  readonly openEdge: string;
  /** URL of the admin interface. */
  readonly admin: string;
  readonly pid: number;
  /** Its last words. */
  log(): string;
  /** What `envoy --mode validate` says of its configuration. */
  validate(): Promise<{ readonly code: number; readonly output: string }>;
  /** Ends it in good order. */
  stop(): Promise<void>;
  /** Ends it on the spot, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again after `stop` or `kill`, at the same addresses. */
  start(): Promise<void>;
  /** Ends it for good and leaves nothing behind. */
  close(): Promise<void>;
}

/**
 * An Envoy of one's own on envoy/envoy.yaml. It listens on free ports of loopback and ends with this process.
 * @param options.settings of envoy/render.sh
 * @param options.change for what is no setting
 */
export function startEnvoy(options: {
  readonly program: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly change?: ((config: string) => string) | undefined;
}): Promise<Envoy>;
