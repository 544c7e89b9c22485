// The compiled half of Asio and Beast: in one place, so that the other files need not compile it each.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
