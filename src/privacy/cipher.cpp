// SPDX-License-Identifier: Apache-2.0
// Keystream from OpenSSL, which has the fastest ChaCha20 and AES-CTR of the libraries that systems come with.
#include "privacy/cipher.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <climits>
#include <cstring>

#include "vedette/core/error.hpp"
#include "vedette/privacy/secret_vector.hpp"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

namespace vedette::inline v0::privacy {

namespace {

EVP_CIPHER_CTX* as_context(void* context) noexcept {
    return static_cast<EVP_CIPHER_CTX*>(context);
}
const unsigned char* as_octets(const std::byte* bytes) noexcept {
    return reinterpret_cast<const unsigned char*>(bytes);
}

constexpr std::array<std::byte, key_bytes> no_key{};

}  // namespace

CipherKind preferred_cipher() noexcept {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("aes")) return CipherKind::aes_256_ctr;
#elif defined(__aarch64__) && defined(__linux__)
    constexpr unsigned long aes_bit = 1UL << 3U;
    if ((getauxval(AT_HWCAP) & aes_bit) != 0) return CipherKind::aes_256_ctr;
#endif
    return CipherKind::chacha20;
}

Cipher::Cipher(CipherKind kind) : context_(EVP_CIPHER_CTX_new()) {
    const EVP_CIPHER* cipher = kind == CipherKind::chacha20 ? EVP_chacha20() : EVP_aes_256_ctr();
    if (context_ == nullptr ||
        EVP_EncryptInit_ex(as_context(context_), cipher, nullptr, as_octets(no_key.data()), nullptr) != 1) {
        EVP_CIPHER_CTX_free(as_context(context_));
        throw Error(ErrorCode::unsupported, "random generator: libcrypto offers no usable cipher");
    }
}

Cipher::~Cipher() {
    EVP_CIPHER_CTX_free(as_context(context_));
}

bool Cipher::generate(std::span<const std::byte, key_bytes> key, std::span<const std::byte, initial_bytes> initial,
                      std::span<std::byte> out) noexcept {
    if (!out.empty()) std::memset(out.data(), 0, out.size());
    return add(key, initial, out);
}

bool Cipher::add(std::span<const std::byte, key_bytes> key, std::span<const std::byte, initial_bytes> initial,
                 std::span<std::byte> out) noexcept {
    EVP_CIPHER_CTX* const context = as_context(context_);
    int written = 0;
    auto* const text = reinterpret_cast<unsigned char*>(out.data());
    const bool made =
        out.size() <= INT_MAX &&
        EVP_EncryptInit_ex(context, nullptr, nullptr, as_octets(key.data()), as_octets(initial.data())) == 1 &&
        EVP_EncryptUpdate(context, text, &written, text, static_cast<int>(out.size())) == 1 &&
        static_cast<std::size_t>(written) == out.size();
    // A key schedule that stays would give back what has been drawn.
    const bool forgotten =
        EVP_EncryptInit_ex(context, nullptr, nullptr, as_octets(no_key.data()), as_octets(no_key.data())) == 1;
    if (made && forgotten) return true;
    wipe(out);
    return false;
}

void detail::wipe_memory(void* memory, std::size_t size) noexcept {
    wipe({static_cast<std::byte*>(memory), size});
}

}  // namespace vedette::inline v0::privacy
