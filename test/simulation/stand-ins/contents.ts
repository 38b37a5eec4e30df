/** Contents that take the process along whenever they are decoded. */
export const POISON = "poison";

/** Contents that are long and large enough to be published in two steps begin with it. */
export const LONG = "long";
