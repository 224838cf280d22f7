/** The AMQP reply code of an error that RabbitMQ itself sent; undefined for sockets, timeouts and the like. */
export function replyCode(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined;
}

/** What an operator can do about a reply code (https://www.rabbitmq.com/docs/channels#error-handling). */
const CURES = new Map<number, string>([
  [403, 'give the account of RABBITMQ_URL configure, write and read permission on ^(energy\\.chat|amq\\.gen)'],
  [404, 'it is declared again when the channel reopens'],
  [405, 'another connection holds it exclusively: end that connection, or delete it'],
  [
    406,
    'it exists with other arguments: delete it, or rename it and move its messages; it is declared anew within a minute',
  ],
]);

/** Where RabbitMQ ends the connection itself, whose errors have no code of their own or one that says too little. */
const CONNECTION_CURES: readonly (readonly [RegExp, string])[] = [
  [
    /Login was refused/,
    'the account of RABBITMQ_URL is unknown or has another password: restore it (rabbitmqctl add_user or change_password, then set_permissions), or set RABBITMQ_URL anew and restart',
  ],
  [
    /access to vhost .* refused/,
    'give the account of RABBITMQ_URL permissions on that virtual host (rabbitmqctl set_permissions)',
  ],
  [/vhost .* not found/, 'make that virtual host (rabbitmqctl add_vhost), or correct RABBITMQ_URL and restart'],
];

/** What went wrong and its cure, in one line. RabbitMQ's own text names the queue or exchange; it holds no secret. */
export function describeTrouble(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const cure = CONNECTION_CURES.find(([what]) => what.test(text))?.[1] ?? CURES.get(replyCode(error) ?? 0);
  return cure === undefined ? text : `${text}. Cure: ${cure}`;
}
