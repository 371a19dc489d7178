/// <reference types="vite/client" />

declare module 'virtual:icon-sprite' {
  const url: string;
  export default url;
}

declare module '@cornerstonejs/codec-openjph' {
  /** OpenJPH compiled to WebAssembly; only what the viewer uses. */
  export interface HTJ2KDecoder {
    getEncodedBuffer(length: number): Uint8Array;
    getDecodedBuffer(): Uint8Array;
    decode(): void;
    getFrameInfo(): {
      width: number;
      height: number;
      bitsPerSample: number;
      componentCount: number;
      isSigned: boolean;
    };
    delete(): void;
  }
  export interface OpenJPH {
    HTJ2KDecoder: new () => HTJ2KDecoder;
  }
  export default function factory(options: { locateFile: (name: string) => string }): Promise<OpenJPH>;
}

declare module '@cornerstonejs/codec-openjph/wasm?url' {
  const url: string;
  export default url;
}
