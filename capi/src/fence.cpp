// SPDX-License-Identifier: Apache-2.0
// What each kind of exception means to a C caller.
#include "fence.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

namespace vedette::inline v0::capi {

vdt_status fail(vdt_error* error, vdt_status status, const char* message) noexcept {
    constexpr std::size_t header = offsetof(vdt_error, message);
    if (error == nullptr || error->struct_size < header) return status;
    error->code = status;
    const std::size_t room = std::min<std::size_t>(error->struct_size, sizeof(vdt_error)) - header;
    if (room == 0) return status;
    std::size_t length = std::strlen(message);
    if (length > room - 1) {
        length = room - 1;
        while (length > 0 && (static_cast<unsigned char>(message[length]) & 0xC0U) == 0x80U) --length;  // whole UTF-8
    }
    std::memcpy(error->message, message, length);
    error->message[length] = '\0';
    return status;
}

vdt_status fail_with_current_exception(vdt_error* error) noexcept {
    try {
        throw;
    } catch (const Error& e) {
        return fail(error, static_cast<vdt_status>(e.code()), e.what());
    } catch (const std::bad_alloc&) {
        return fail(error, VDT_OUT_OF_MEMORY, "an allocation failed");
    } catch (const std::length_error& e) {
        return fail(error, VDT_OVERFLOW, e.what());
    } catch (const std::system_error& e) {
        return fail(error, VDT_IO_ERROR, e.what());
    } catch (const std::exception& e) {
        return fail(error, VDT_INTERNAL, e.what());
    } catch (...) {
        return fail(error, VDT_INTERNAL, "an exception that is no std::exception");
    }
}

void refuse_null(const char* argument) {
    throw Error(ErrorCode::invalid_argument, std::string(argument) + " is NULL");
}

}  // namespace vedette::inline v0::capi
