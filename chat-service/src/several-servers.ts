/**
 * Settings that name several servers of one cluster, in the order in which they are tried: what is away is passed over
 * for the next.
 */

/** `mysql://user:password@one:3306,two:3306/chat`: one URL a host. Hosts share the account and the schema. */
export function mysqlServers(setting: string): [string, ...string[]] {
  const [, before = '', hosts = '', after = ''] = /^([a-z]+:\/\/(?:[^/?#]*@)?)([^/?#]*)(.*)$/i.exec(setting) ?? [];
  const [first = '', ...others] = hosts.split(',').map((host) => `${before}${host.trim()}${after}`);
  return [first, ...others];
}

/** `amqp://user:password@one,amqp://user:password@two`: whole URLs. */
export function brokerServers(setting: string): string[] {
  return setting.split(/\s*,\s*(?=amqps?:\/\/)/);
}
