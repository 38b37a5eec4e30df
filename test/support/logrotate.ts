/** The rules without the user that only an instance has: files then belong to whoever runs logrotate. */
export const withoutUser = (rules: string): string => rules.replaceAll(/^ *su .*\n/gm, "").replaceAll(/^( *create) .*$/gm, "$1");
