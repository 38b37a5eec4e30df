/** What a service answers instead of a result: its name is the SDK's exception, its status the one of the service's model. */
export class ServiceError extends Error {
  override readonly name: string;
  readonly status: number;

  constructor({ name, status, message }: { readonly name: string; readonly status: number; readonly message: string }) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

/** The call was carried out, and its answer never arrives: the connection ends without one. */
export class LostAnswer extends Error {}
