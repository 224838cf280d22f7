/** A setting of the environment, or the end of the program with a word about it. */
export function setting(name: string, example: string): string {
  const value = process.env[name] ?? '';
  if (value !== '') return value;
  console.error(`Set ${name}, for example ${name}=${example}`);
  process.exit(2);
}
