/** A key of a listing that was asked for with EncodingType "url": XML has no place for control characters. */
export const listedKey = (key: string, encoding: string | undefined): string =>
  encoding === "url" ? decodeURIComponent(key.replaceAll("+", " ")) : key;
